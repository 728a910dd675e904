// The compiled kernels, as the workers know them.
export { kernelModule } from '../kernels/kernel-module.js'
