// What ffmpeg is told: a list of words, never a shell's line, each option's value checked before it becomes one.

import { z } from '../../ports/schema.js'
import type { VideoOrder } from '../../ports/video-source.js'

export const ffmpegOptions = z.strictObject({
  source: z
    .enum(['v4l2', 'url', 'test'])
    .default('v4l2')
    .describe('v4l2: a USB camera; url: a network camera; test: a test pattern, without any camera'),
  device: z
    .string()
    .regex(/^\/dev\/[^\s/][^\s]*$/, 'must be a path that begins with /dev/')
    .optional()
    .describe(
      'USB camera by its lasting name, /dev/v4l/by-id/…-video-index0; when absent, the one of number ' +
        'pier_cam.device_index among those',
    ),
  url: z
    .string()
    .regex(/^(https?|rtsps?):\/\/[^\s]+$/, 'must begin with http://, https://, rtsp:// or rtsps://')
    .optional()
    .describe('Address of the network camera; where user and password stand in it, in the file as `!secret name`'),
  jpeg: z
    .enum(['camera', 'ffmpeg'])
    .optional()
    .describe(
      'Who makes the JPEGs. camera: the camera, and they are passed on untouched; ffmpeg: for sources that send ' +
        'something else (H.264, raw). When absent: camera for v4l2, ffmpeg for url',
    ),
  size: z
    .string()
    .regex(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/, 'must be like 1280x720')
    .optional()
    .describe('Picture size asked of the USB camera or test pattern, px, e.g. 1280x720; its own when absent'),
  input_fps: z
    .number()
    .min(0.1)
    .max(120)
    .optional()
    .describe('Pictures per second asked of the USB camera or test pattern; what is looked at when absent'),
  ffmpeg: z
    .string()
    .regex(/^(\/[^\0]+|[A-Za-z0-9][\w.+-]*)$/, 'must be the name of a program, or its path from /')
    .default('ffmpeg')
    .describe('The ffmpeg program, by name or path'),
})

export type FfmpegOptions = z.output<typeof ffmpegOptions>

/** Waits of ffmpeg itself on a network camera, µs; below the silence that a viewer of the source allows. */
const networkWaitMicros = '8000000'
/** USB cameras offer a few paces only; below this none, and slow ones darken the first pictures. */
const slowestCameraFps = 5
/** ffmpeg leaves out what comes much faster than wanted; who listens thins exactly. */
const gapShare = 0.8

/**
 * `device` must be given for v4l2, `url` for url: the driver sees to that. Pictures come as a bare MJPEG stream on
 * stdout.
 */
export function ffmpegArguments(options: FfmpegOptions, device: string | undefined, order: VideoOrder): string[] {
  const { source } = options
  const untouched = source !== 'test' && (options.jpeg ?? (source === 'v4l2' ? 'camera' : 'ffmpeg')) === 'camera'
  return [
    // Its own words on stderr, no questions on stdin, nothing held back.
    ...['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'error'],
    ...input(options, device, order, untouched),
    ...['-map', '0:v:0', '-an', '-sn', '-dn'],
    ...(untouched ? copied(order) : encoded(order, source === 'test')),
    ...['-flush_packets', '1', '-f', 'mjpeg', 'pipe:1'],
  ]
}

function input(options: FfmpegOptions, device: string | undefined, order: VideoOrder, untouched: boolean): string[] {
  const { source, size, url = '' } = options
  if (source === 'test') {
    const fps = options.input_fps ?? order.framesPerSecond
    // -re: at the pace of the clock, as a camera would.
    return ['-re', '-f', 'lavfi', '-i', `testsrc2=size=${size ?? '640x480'}:rate=${fps}`]
  }
  if (source === 'v4l2') {
    const fps = options.input_fps ?? Math.max(slowestCameraFps, order.framesPerSecond)
    return [
      ...['-f', 'v4l2', '-framerate', String(fps)],
      ...(untouched ? ['-input_format', 'mjpeg'] : []),
      ...(size ? ['-video_size', size] : []),
      ...['-i', device ?? ''],
    ]
  }
  // Timestamps of network cameras are often missing or wrong; the time of arrival is what thinning needs.
  const live = ['-fflags', 'nobuffer', '-flags', 'low_delay', '-use_wallclock_as_timestamps', '1']
  const patience = url.startsWith('rtsp')
    ? ['-rtsp_transport', 'tcp', '-timeout', networkWaitMicros]
    : ['-rw_timeout', networkWaitMicros]
  return [...live, ...patience, '-i', url]
}

/** The camera's own files; those too many are dropped whole (bitstream filter "noise", which here makes none). */
function copied({ framesPerSecond }: VideoOrder): string[] {
  return ['-c:v', 'copy', '-bsf:v', `noise=amount=0:drop='1-${thinned('pts*tb', framesPerSecond)}'`]
}

/** One thread: with more, the encoder would hold a picture back for each. */
function encoded({ framesPerSecond, jpegQuality }: VideoOrder, paced: boolean): string[] {
  // By the microsecond: pictures that came in one burst must not fall onto one tick of the encoder.
  const thin = ['-vf', `select='${thinned('t', framesPerSecond)}'`, '-enc_time_base', '1/1000000']
  return [
    ...(paced ? [] : thin),
    ...['-fps_mode', 'passthrough', '-c:v', 'mjpeg', '-threads', '1', '-pix_fmt', 'yuvj420p'],
    ...['-q:v', String(quantiser(jpegQuality))],
  ]
}

/**
 * 1 for a picture to keep, 0 for one too early; register 0 holds when the next one is due. Without a time all are kept.
 */
function thinned(time: string, framesPerSecond: number): string {
  const gap = gapShare / framesPerSecond
  return `if(lt(${time},ld(0)),0,not(gt(0*st(0,max(ld(0)+${gap.toFixed(4)},${time}+${(gap / 10).toFixed(4)})),1)))`
}

/**
 * libjpeg's quality as ffmpeg's quantiser, 2–31: its tables sum to 262 a step (measured, ffmpeg 5.1), those of Annex K
 * to 3688 at quality 50.
 */
function quantiser(quality: number): number {
  const scale = quality < 50 ? 50 / quality : 2 - quality / 50
  return Math.min(31, Math.max(2, Math.round((scale * 3688) / 262)))
}
