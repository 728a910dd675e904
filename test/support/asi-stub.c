/* ZWO's camera library with cameras that are not there, against libasi's own header. Beside the built file lie
   <file>.control (read anew at each call: what the cameras are, and what goes wrong), <file>.hardware (what a camera is
   while no process has it: its cooler and temperature) and <file>.log (what it was told). */
#define _GNU_SOURCE
#include <ASICamera2.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MOST 4
static const double ambient_celsius = 20, deepest_below = 35, cools_in_s = 3, warms_in_s = 60;

struct control { int type; const char *name; long min, max, standard; int writable; };
static const struct control table[] = {
  {ASI_GAIN, "Gain", 0, 500, 100, 1},
  {ASI_EXPOSURE, "Exposure", 32, 2000000000, 10000, 1},
  {ASI_OFFSET, "Offset", 0, 240, 10, 1},
  {ASI_BANDWIDTHOVERLOAD, "BandWidth", 40, 100, 50, 1},
  {ASI_FLIP, "Flip", 0, 3, 0, 1},
  {ASI_HIGH_SPEED_MODE, "HighSpeedMode", 0, 1, 0, 1},
  {ASI_MONO_BIN, "MonoBin", 0, 1, 0, 1},
  {ASI_TEMPERATURE, "Temperature", -500, 1000, 200, 0},
  /* Only where there is a cooler. */
  {ASI_COOLER_POWER_PERC, "CoolPowerPerc", 0, 100, 0, 0},
  {ASI_TARGET_TEMP, "TargetTemp", -40, 30, 0, 1},
  {ASI_COOLER_ON, "CoolerOn", 0, 1, 0, 1},
  {ASI_ANTI_DEW_HEATER, "AntiDewHeater", 0, 1, 0, 1},
};
#define CONTROLS (int)(sizeof table / sizeof *table)
#define UNCOOLED_CONTROLS 8

struct hardware { int owner, cooler_on, target; double from_celsius, since_s; };
static struct camera {
  int open, ready, video, state, width, height, bin, type, x, y;
  long values[32];
  double began_s;
  int bus;
} cameras[MOST];
static struct hardware *hardware;
static char own[4096], control_text[4096];

static double now_s(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void say(const char *words, int a, long b) {
  char file[4200], line[200];
  snprintf(file, sizeof file, "%s.log", own);
  int length = snprintf(line, sizeof line, "%.3f %s %d %ld\n", now_s(), words, a, b);
  int fd = open(file, O_WRONLY | O_APPEND | O_CREAT, 0600);
  if (write(fd, line, length) < 0) abort();
  close(fd);
}

/* The rest of the line that begins with this word, or NULL. */
static const char *told(const char *word) {
  static char found[1024];
  size_t length = strlen(word);
  for (const char *line = control_text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
    if (strncmp(line, word, length) || (line[length] != ' ' && line[length] != '\n' && line[length])) continue;
    const char *from = line + length + (line[length] == ' ');
    size_t long_ = strcspn(from, "\n");
    memcpy(found, from, long_ < sizeof found ? long_ : sizeof found - 1);
    found[long_ < sizeof found ? long_ : sizeof found - 1] = 0;
    return found;
  }
  return NULL;
}

static long number(const char *word, long otherwise) {
  const char *text = told(word);
  return text ? strtol(text, NULL, 10) : otherwise;
}

static const char *of(const char *word, int index) {
  char whole[64];
  snprintf(whole, sizeof whole, "%s%d", word, index);
  return told(whole);
}

__attribute__((constructor)) static void begin(void) {
  Dl_info info;
  dladdr((void *)begin, &info);
  snprintf(own, sizeof own, "%s", info.dli_fname);
  char file[4200];
  snprintf(file, sizeof file, "%s.hardware", own);
  int fd = open(file, O_RDWR | O_CREAT, 0600);
  if (ftruncate(fd, sizeof(struct hardware) * MOST)) abort();
  hardware = mmap(NULL, sizeof(struct hardware) * MOST, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
}

/* What goes wrong at this function of this camera (-1: of none): returns the error it is to give, does not return, or 0. */
static int enter(const char *function, int id) {
  char file[4200], hang[64], slow[64], crash[64], error[64], removed[64];
  snprintf(file, sizeof file, "%s.control", own);
  int fd = open(file, O_RDONLY);
  ssize_t length = fd < 0 ? 0 : read(fd, control_text, sizeof control_text - 1);
  control_text[length > 0 ? length : 0] = 0;
  if (fd >= 0) close(fd);
  snprintf(hang, sizeof hang, "hang%d-%s", id, function);
  snprintf(slow, sizeof slow, "slow%d-%s", id, function);
  snprintf(crash, sizeof crash, "crash%d-%s", id, function);
  snprintf(error, sizeof error, "error%d-%s", id, function);
  snprintf(removed, sizeof removed, "removed%d", id);
  if (told("chatter")) printf("no new line"), fprintf(stderr, "%s\n", function), fflush(stdout);
  if (told(hang)) for (say("hangs", id, 0);;) pause();
  if (told(slow)) usleep(number(slow, 0) * 1000);
  if (told(crash)) raise(SIGSEGV);
  if (told(removed)) return ASI_ERROR_CAMERA_REMOVED;
  return number(error, 0);
}

static int connected(void) { return number("cameras", 1); }

#define ENTER(name, id) do { int wrong = enter(name, id); if (wrong) return wrong; } while (0)
#define CAMERA(name) \
  ENTER(name, id); \
  if (id < 0 || id >= connected()) return ASI_ERROR_INVALID_ID; \
  if (!cameras[id].open) return ASI_ERROR_CAMERA_CLOSED; \
  struct camera *c = &cameras[id]; \
  (void)c

static double celsius(int id) {
  struct hardware *h = &hardware[id];
  if (h->since_s == 0) return ambient_celsius;
  double goal = h->cooler_on ? fmax(h->target, ambient_celsius - deepest_below) : ambient_celsius;
  return goal + (h->from_celsius - goal) * exp(-(now_s() - h->since_s) / (h->cooler_on ? cools_in_s : warms_in_s));
}

static void cool(int id, int on, int target) {
  struct hardware *h = &hardware[id];
  h->from_celsius = celsius(id);
  h->since_s = now_s();
  h->cooler_on = on;
  h->target = target;
}

int ASIGetNumOfConnectedCameras(void) { return enter("ASIGetNumOfConnectedCameras", -1) ? 0 : connected(); }

char *ASIGetSDKVersion(void) { return "1, 27, 0, 0 (stub)"; }

int ASIGetCameraProperty(ASI_CAMERA_INFO *info, int index) {
  ENTER("ASIGetCameraProperty", -1);
  if (index < 0 || index >= connected()) return ASI_ERROR_INVALID_INDEX;
  int colour = number("colour", 1);
  memset(info, 0, sizeof *info);
  const char *name = of("name", index);
  snprintf(info->Name, sizeof info->Name, "%s", name ? name : "ZWO ASI2600MC Stub");
  info->CameraID = index;
  info->MaxWidth = number("width", 640);
  info->MaxHeight = number("height", 480);
  info->IsColorCam = colour;
  info->BayerPattern = number("bayer", ASI_BAYER_RG);
  int formats = 0;
  for (int bin = 0; bin < 4; bin++) info->SupportedBins[bin] = bin + 1;
  info->SupportedVideoFormat[formats++] = ASI_IMG_RAW8;
  if (colour) info->SupportedVideoFormat[formats++] = ASI_IMG_RGB24;
  info->SupportedVideoFormat[formats++] = ASI_IMG_RAW16;
  info->SupportedVideoFormat[formats] = ASI_IMG_END;
  info->PixelSize = 3.76;
  info->ST4Port = number("st4", 1);
  info->IsCoolerCam = number("cooled", 1);
  info->IsUSB3Host = info->IsUSB3Camera = number("usb3", 1);
  info->ElecPerADU = 4 * pow(10, -(double)cameras[index].values[ASI_GAIN] / 200);
  info->BitDepth = number("depth", 12);
  return ASI_SUCCESS;
}

int ASIGetCameraPropertyByID(int id, ASI_CAMERA_INFO *info) {
  CAMERA("ASIGetCameraPropertyByID");
  return ASIGetCameraProperty(info, id);
}

int ASIOpenCamera(int id) {
  ENTER("ASIOpenCamera", id);
  if (id < 0 || id >= connected()) return ASI_ERROR_INVALID_ID;
  int owner = hardware[id].owner;
  if (owner && owner != getpid() && kill(owner, 0) == 0) return ASI_ERROR_CAMERA_REMOVED;
  hardware[id].owner = getpid();
  const char *bus = of("bus", id);
  cameras[id].bus = bus ? open(bus, O_RDONLY) : -1;
  cameras[id].open = 1;
  return ASI_SUCCESS;
}

int ASIInitCamera(int id) {
  CAMERA("ASIInitCamera");
  for (int at = 0; at < CONTROLS; at++) c->values[table[at].type] = table[at].standard;
  c->ready = 1;
  c->width = number("width", 640) / 8 * 8;
  c->height = number("height", 480) / 2 * 2;
  c->bin = 1;
  return ASI_SUCCESS;
}

int ASICloseCamera(int id) {
  ENTER("ASICloseCamera", id);
  if (id < 0 || id >= connected()) return ASI_ERROR_INVALID_ID;
  say("close", id, 0);
  if (cameras[id].open && cameras[id].bus >= 0) close(cameras[id].bus);
  if (cameras[id].open) hardware[id].owner = 0;
  memset(&cameras[id], 0, sizeof cameras[id]);
  return ASI_SUCCESS;
}

int ASIGetSerialNumber(int id, ASI_SN *serial) {
  CAMERA("ASIGetSerialNumber");
  const char *text = of("serial", id);
  if (!text) return ASI_ERROR_GENERAL_ERROR;
  for (int at = 0; at < 8; at++) sscanf(text + at * 2, "%2hhx", &serial->id[at]);
  return ASI_SUCCESS;
}

int ASIGetNumOfControls(int id, int *count) {
  CAMERA("ASIGetNumOfControls");
  *count = number("cooled", 1) ? CONTROLS : UNCOOLED_CONTROLS;
  return ASI_SUCCESS;
}

int ASIGetControlCaps(int id, int index, ASI_CONTROL_CAPS *caps) {
  CAMERA("ASIGetControlCaps");
  if (index < 0 || index >= CONTROLS) return ASI_ERROR_INVALID_CONTROL_TYPE;
  memset(caps, 0, sizeof *caps);
  snprintf(caps->Name, sizeof caps->Name, "%s", table[index].name);
  snprintf(caps->Description, sizeof caps->Description, "%s of the stub", table[index].name);
  caps->MinValue = table[index].min;
  caps->MaxValue = table[index].max;
  caps->DefaultValue = table[index].standard;
  caps->IsWritable = table[index].writable;
  caps->ControlType = table[index].type;
  return ASI_SUCCESS;
}

static const struct control *control_of(int type) {
  for (int at = 0; at < (number("cooled", 1) ? CONTROLS : UNCOOLED_CONTROLS); at++)
    if (table[at].type == type) return &table[at];
  return NULL;
}

int ASIGetControlValue(int id, int type, long *value, int *automatic) {
  CAMERA("ASIGetControlValue");
  if (!control_of(type)) return ASI_ERROR_INVALID_CONTROL_TYPE;
  *automatic = ASI_FALSE;
  double now = celsius(id);
  if (type == ASI_TEMPERATURE) *value = lround(now * 10);
  else if (type == ASI_COOLER_ON) *value = hardware[id].cooler_on;
  else if (type == ASI_COOLER_POWER_PERC)
    *value = hardware[id].cooler_on ? fmin(100, fmax(0, (ambient_celsius - now) * 2 + (now - hardware[id].target) * 5)) : 0;
  else *value = c->values[type];
  return ASI_SUCCESS;
}

int ASISetControlValue(int id, int type, long value, int automatic) {
  CAMERA("ASISetControlValue");
  const struct control *one = control_of(type);
  (void)automatic;
  if (!one || !one->writable) return ASI_ERROR_INVALID_CONTROL_TYPE;
  c->values[type] = value < one->min ? one->min : value > one->max ? one->max : value;
  say(one->name, id, c->values[type]);
  if (type == ASI_TARGET_TEMP) cool(id, hardware[id].cooler_on, c->values[type]);
  if (type == ASI_COOLER_ON) cool(id, value != 0, c->values[ASI_TARGET_TEMP]);
  return ASI_SUCCESS;
}

int ASISetROIFormat(int id, int width, int height, int bin, int type) {
  CAMERA("ASISetROIFormat");
  if (c->state == ASI_EXP_WORKING || c->video) return ASI_ERROR_INVALID_SEQUENCE;
  if (bin < 1 || bin > 4 || width <= 0 || height <= 0 || width % 8 || height % 2) return ASI_ERROR_INVALID_SIZE;
  if (width * bin > number("width", 640) || height * bin > number("height", 480)) return ASI_ERROR_INVALID_SIZE;
  const char *name = of("name", id);
  if (!number("usb3", 1) && name && strstr(name, "ASI120") && width * height % 1024) return ASI_ERROR_INVALID_SIZE;
  if (type != ASI_IMG_RAW8 && type != ASI_IMG_RAW16 && !(type == ASI_IMG_RGB24 && number("colour", 1)))
    return ASI_ERROR_INVALID_IMGTYPE;
  c->width = width, c->height = height, c->bin = bin, c->type = type;
  c->x = (number("width", 640) / bin - width) / 2 / 4 * 4;
  c->y = (number("height", 480) / bin - height) / 2 / 2 * 2;
  return ASI_SUCCESS;
}

int ASISetStartPos(int id, int x, int y) {
  CAMERA("ASISetStartPos");
  if (x < 0 || y < 0 || x + c->width > number("width", 640) / c->bin || y + c->height > number("height", 480) / c->bin)
    return ASI_ERROR_OUTOF_BOUNDARY;
  c->x = x / 4 * 4, c->y = y / 2 * 2;
  return ASI_SUCCESS;
}

int ASIGetStartPos(int id, int *x, int *y) {
  CAMERA("ASIGetStartPos");
  *x = c->x, *y = c->y;
  return ASI_SUCCESS;
}

int ASIDisableDarkSubtract(int id) {
  CAMERA("ASIDisableDarkSubtract");
  say("dark subtract off", id, 0);
  return ASI_SUCCESS;
}

int ASIStartExposure(int id, int dark) {
  CAMERA("ASIStartExposure");
  if (!c->ready) return ASI_ERROR_CAMERA_CLOSED;
  if (c->video) return ASI_ERROR_VIDEO_MODE_ACTIVE;
  if (c->state == ASI_EXP_WORKING) return ASI_ERROR_EXPOSURE_IN_PROGRESS;
  say("start", id, dark);
  c->state = ASI_EXP_WORKING;
  c->began_s = now_s();
  return ASI_SUCCESS;
}

int ASIStopExposure(int id) {
  CAMERA("ASIStopExposure");
  say("stop", id, 0);
  c->state = ASI_EXP_IDLE;
  return ASI_SUCCESS;
}

int ASIGetExpStatus(int id, ASI_EXPOSURE_STATUS *state) {
  CAMERA("ASIGetExpStatus");
  double seconds = c->values[ASI_EXPOSURE] / 1e6, gone = now_s() - c->began_s;
  if (c->state == ASI_EXP_WORKING && of("fail", id) && gone >= seconds / 2) c->state = ASI_EXP_FAILED;
  if (c->state == ASI_EXP_WORKING && !of("never", id) && gone >= seconds) c->state = ASI_EXP_SUCCESS;
  *state = c->state;
  return ASI_SUCCESS;
}

static long bytes_of(const struct camera *c) {
  return (long)c->width * c->height * (c->type == ASI_IMG_RAW16 ? 2 : c->type == ASI_IMG_RGB24 ? 3 : 1);
}

static void paint(const struct camera *c, unsigned char *buffer) {
  int depth = number("depth", 12);
  unsigned noise = 12345;
  for (int y = 0; y < c->height; y++)
    for (int x = 0; x < c->width; x++) {
      long at = (long)y * c->width + x;
      noise = noise * 1664525u + 1013904223u;
      unsigned value = (unsigned)(x + c->x + 2 * (y + c->y)) + (noise >> 30);
      if (c->type == ASI_IMG_RAW16) ((unsigned short *)buffer)[at] = (value & ((1u << depth) - 1)) << (16 - depth);
      else if (c->type == ASI_IMG_RAW8) buffer[at] = value;
      else buffer[at * 3] = 40, buffer[at * 3 + 1] = 120, buffer[at * 3 + 2] = 200; /* blue, green, red */
    }
}

int ASIGetDataAfterExp(int id, unsigned char *buffer, long size) {
  CAMERA("ASIGetDataAfterExp");
  if (c->state != ASI_EXP_SUCCESS) return ASI_ERROR_GENERAL_ERROR;
  if (size < bytes_of(c)) return ASI_ERROR_BUFFER_TOO_SMALL;
  say("fetch", id, 0);
  paint(c, buffer);
  c->state = ASI_EXP_IDLE;
  return ASI_SUCCESS;
}

int ASIStartVideoCapture(int id) {
  CAMERA("ASIStartVideoCapture");
  if (c->state == ASI_EXP_WORKING) return ASI_ERROR_EXPOSURE_IN_PROGRESS;
  say("video", id, 1);
  c->video = 1;
  c->began_s = now_s();
  return ASI_SUCCESS;
}

int ASIStopVideoCapture(int id) {
  CAMERA("ASIStopVideoCapture");
  say("video", id, 0);
  c->video = 0;
  return ASI_SUCCESS;
}

int ASIGetVideoData(int id, unsigned char *buffer, long size, int wait_ms) {
  CAMERA("ASIGetVideoData");
  if (!c->video) return ASI_ERROR_GENERAL_ERROR;
  if (size < bytes_of(c)) return ASI_ERROR_BUFFER_TOO_SMALL;
  double left = c->began_s + c->values[ASI_EXPOSURE] / 1e6 - now_s();
  if (wait_ms >= 0 && left * 1000 > wait_ms) {
    usleep(wait_ms * 1000);
    return ASI_ERROR_TIMEOUT;
  }
  if (left > 0) usleep(left * 1e6);
  c->began_s = now_s();
  paint(c, buffer);
  return ASI_SUCCESS;
}

int ASIPulseGuideOn(int id, int direction) {
  CAMERA("ASIPulseGuideOn");
  say("pulse on", id, direction);
  return ASI_SUCCESS;
}

int ASIPulseGuideOff(int id, int direction) {
  CAMERA("ASIPulseGuideOff");
  say("pulse off", id, direction);
  return ASI_SUCCESS;
}
