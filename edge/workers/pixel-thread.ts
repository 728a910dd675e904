// A thread of its own for whole frames: answers calls and nothing else.

import { setFlagsFromString } from 'node:v8'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { serveCalls } from '../ports/remote.js'
import { type PixelSetting, pixelMethods } from './pixel-methods.js'

// Bytecode that a function may run before V8 optimises it. The loops over pixels are WebAssembly; what is left are two
// hundred small functions, and at the usual budget, an eighth of this one, compiling them cost a stack's first twenty
// frames half a second of other processors' time that they never earned back.
setFlagsFromString('--interrupt-budget=1000000')

serveCalls(parentPort as MessagePort, pixelMethods(workerData as PixelSetting))
