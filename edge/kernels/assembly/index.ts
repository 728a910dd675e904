// Everything the WebAssembly module gives out. A kernel stands here, in its twin's file one folder up, and in the
// table of kernels.ts.
export * from './calibrate'
export * from './decode'
export * from './encode'
export * from './stretch'
export * from './rice'
