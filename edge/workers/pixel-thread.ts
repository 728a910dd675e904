// A thread of its own for whole frames: answers calls and nothing else.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { serveCalls } from '../ports/remote.js'
import { type PixelSetting, pixelMethods } from './pixel-methods.js'

serveCalls(parentPort as MessagePort, pixelMethods(workerData as PixelSetting))
