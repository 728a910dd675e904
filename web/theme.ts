// Day and red night. index.html decides before the first paint; this only changes it afterwards.
import { cell } from './cell'

export type Theme = 'day' | 'night'

export const theme = cell<Theme>(document.documentElement.dataset.theme === 'night' ? 'night' : 'day')

export function setTheme(next: Theme): void {
  document.documentElement.dataset.theme = next
  document.querySelector('meta[name=theme-color]')?.setAttribute('content', colour('--ground'))
  try {
    localStorage.setItem('pierside.theme', next)
  } catch {
    // Remembered for this page only.
  }
  theme.set(next)
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}
