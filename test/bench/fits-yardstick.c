/* cfitsio at the same work, as a process that obeys lines: its own start is not counted, nor are its buffers' first
   pages. Each line is answered by the milliseconds of processor time it took. */
#include <fitsio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double cpu_ms(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return 1e3 * (used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-3 * (used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

int main(int argc, char **argv) {
  long width = atol(argv[1]), height = atol(argv[2]), count = width * height;
  long axes[2] = {width, height};
  float *floats = malloc(count * sizeof(float));
  unsigned short *words = malloc(count * sizeof(short));
  char verb[32], name[1024], quoted[1100];
  unsigned seed = 1;
  for (long i = 0; i < count; i++) {
    /* Three equal draws: the same spread as the other side's sky. */
    double noise = -1.5;
    for (int draw = 0; draw < 3; draw++) noise += (seed = seed * 1664525u + 1013904223u) / 4294967296.0;
    floats[i] = words[i] = 1000 + 40 * noise;
  }
  while (scanf("%31s %1023s", verb, name) == 2) {
    fitsfile *file;
    int status = 0, any;
    double start = cpu_ms();
    if (!strcmp(verb, "read")) {
      fits_open_image(&file, name, READONLY, &status);
      fits_read_img(file, TFLOAT, 1, count, NULL, floats, &any, &status);
    } else if (!strcmp(verb, "words")) {
      fits_open_image(&file, name, READONLY, &status);
      fits_read_img(file, TUSHORT, 1, count, NULL, words, &any, &status);
    } else {
      snprintf(quoted, sizeof quoted, "!%s", name);
      fits_create_file(&file, quoted, &status);
      if (!strcmp(verb, "pack")) fits_set_compression_type(file, RICE_1, &status);
      fits_create_img(file, strcmp(verb, "floats") ? USHORT_IMG : FLOAT_IMG, 2, axes, &status);
      if (strcmp(verb, "floats")) fits_write_img(file, TUSHORT, 1, count, words, &status);
      else fits_write_img(file, TFLOAT, 1, count, floats, &status);
    }
    fits_close_file(file, &status);
    printf("%d %.3f\n", status, cpu_ms() - start);
    fflush(stdout);
  }
  return 0;
}
