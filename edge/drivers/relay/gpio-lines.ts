// GPIO lines as outputs and as inputs, whichever way the kernel is spoken to.
import { Fault } from '../../ports/fault.js'

/** One output as the options name it. */
export interface GpioLine {
  readonly id: string
  readonly line: string | number
  readonly activeLow: boolean
  readonly pull: 'as-is' | 'up' | 'down' | 'none'
  /** First level; undefined: as it stands. */
  readonly first: boolean | undefined
}

/** One input as the options name it. */
export interface GpioInput extends Omit<GpioLine, 'first'> {
  /** It changes only when it has stood so long, ms. */
  readonly debounceMs: number
}

/** Lines in our hands, by their place in the list they were opened with. */
export interface GpioLines {
  read(): Promise<readonly boolean[]>
  write(at: number, on: boolean): Promise<void>
  close(): Promise<void>
}

export interface GpioInputs {
  read(): Promise<readonly boolean[]>
  /** Called after an edge; never where the chip has no interrupts. */
  onChange(listener: () => void): void
  close(): Promise<void>
}

export const noChip = (labels: readonly string[]) =>
  new Fault('offline', `there is no GPIO chip ${labels.join(' or ')}`, 'Give chip: one that gpiodetect lists')
