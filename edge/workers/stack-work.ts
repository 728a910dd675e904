import { Fault } from '../ports/fault.js'
export interface OpenStack {
  add(a: unknown, b: string): Promise<never>
  picture(v: unknown): Promise<never>
  gain(): never
  save(c: unknown): Uint8Array
}
export function openStack(_maxShiftPx: number, _archive: string): OpenStack {
  throw new Fault('unsupported', 'x', 'y')
}
