/*
 * Writes a DNG as rpicam-still does: by libtiff, a thumbnail first, the raw picture as its sub-directory, Exif behind.
 * dng-writer OUT WIDTH HEIGHT BITS PATTERN EXPOSURE_US ISO VALUE
 * A red pixel has VALUE, a green one VALUE + 100, a blue one VALUE + 200, and each column x mod 16 more.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

static int colour_of(char letter) { return letter == 'R' ? 0 : letter == 'G' ? 1 : 2; }

int main(int count, char **words) {
  if (count != 9) return 2;
  const char *pattern = words[5];
  uint32_t width = atoi(words[2]), height = atoi(words[3]), bits = atoi(words[4]), white = (1u << bits) - 1;
  unsigned char colours[4];
  for (int i = 0; i < 4; i++) colours[i] = colour_of(pattern[i]);
  TIFF *file = TIFFOpen(words[1], "w");
  if (!file) return 1;

  TIFFSetField(file, TIFFTAG_SUBFILETYPE, 1);
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, width >> 4);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, height >> 4);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 3);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(file, TIFFTAG_MAKE, "Raspberry Pi");
  TIFFSetField(file, TIFFTAG_MODEL, "imx477");
  TIFFSetField(file, TIFFTAG_UNIQUECAMERAMODEL, "Raspberry Pi imx477");
  TIFFSetField(file, TIFFTAG_DNGVERSION, "\001\001\000\000");
  toff_t none = 0;
  TIFFSetField(file, TIFFTAG_SUBIFD, 1, &none);
  TIFFSetField(file, TIFFTAG_EXIFIFD, (toff_t)0);
  unsigned char *grey = calloc(3, width);
  for (uint32_t y = 0; y < height >> 4; y++) TIFFWriteScanline(file, grey, y, 0);
  TIFFWriteDirectory(file);

  uint16_t repeat[] = {2, 2};
  float black[] = {256, 256, 256, 256};
  TIFFSetField(file, TIFFTAG_SUBFILETYPE, 0);
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 16);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_CFA);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(file, TIFFTAG_CFAREPEATPATTERNDIM, repeat);
  TIFFSetField(file, TIFFTAG_CFAPATTERN, 4, colours);
  TIFFSetField(file, TIFFTAG_WHITELEVEL, 1, &white);
  TIFFSetField(file, TIFFTAG_BLACKLEVELREPEATDIM, repeat);
  TIFFSetField(file, TIFFTAG_BLACKLEVEL, 4, black);
  uint16_t *line = malloc(2 * width);
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++) {
      uint32_t value = atoi(words[8]) + 100 * colours[2 * (y % 2) + x % 2] + x % 16;
      line[x] = value < white ? value : white;
    }
    if (TIFFWriteScanline(file, line, y, 0) != 1) return 1;
  }
  TIFFWriteDirectory(file);

  uint16_t iso = atoi(words[7]);
  uint64_t exif = 0;
  TIFFCreateEXIFDirectory(file);
  TIFFSetField(file, EXIFTAG_ISOSPEEDRATINGS, 1, &iso);
  TIFFSetField(file, EXIFTAG_EXPOSURETIME, atof(words[6]) / 1e6);
  if (!TIFFWriteCustomDirectory(file, &exif)) return 1;
  TIFFSetDirectory(file, 0);
  TIFFSetField(file, TIFFTAG_EXIFIFD, (toff_t)exif);
  TIFFRewriteDirectory(file);
  TIFFClose(file);
  return 0;
}
