// Sensors of CSI cameras by the names that libcamera gives them, and what the programs do not tell of them. From the
// makers' data sheets and the camera documentation of Raspberry Pi.

export interface CsiSensor {
  readonly pixelMicrons: number
  /** Longest exposure its driver allows; absent where no source says it. */
  readonly maxSeconds?: number
  readonly maxGain?: number
}

export const csiSensors: Readonly<Record<string, CsiSensor>> = {
  imx219: { pixelMicrons: 1.12, maxSeconds: 11.76, maxGain: 10.66 },
  imx290: { pixelMicrons: 2.9 },
  imx296: { pixelMicrons: 3.45, maxSeconds: 15.5, maxGain: 16 },
  imx327: { pixelMicrons: 2.9 },
  imx378: { pixelMicrons: 1.55 },
  imx415: { pixelMicrons: 1.45 },
  imx462: { pixelMicrons: 2.9 },
  imx477: { pixelMicrons: 1.55, maxSeconds: 670.74, maxGain: 22.26 },
  imx500: { pixelMicrons: 1.55 },
  imx519: { pixelMicrons: 1.22 },
  imx708: { pixelMicrons: 1.4, maxSeconds: 112, maxGain: 16 },
  ov5647: { pixelMicrons: 1.4, maxGain: 8 },
  ov7251: { pixelMicrons: 3 },
  ov9281: { pixelMicrons: 3 },
}
