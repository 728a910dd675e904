// A redraw every so often, for ages and countdowns; stands still while nobody looks.
import { useEffect, useState } from 'preact/hooks'

export function useTick(everyMs: number, running = true): void {
  const [, redraw] = useState(0)
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => {
      if (!document.hidden) redraw(count => count + 1)
    }, everyMs)
    return () => clearInterval(timer)
  }, [everyMs, running])
}
