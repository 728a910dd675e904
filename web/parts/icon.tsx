// Line icons, drawn here: they take the colour of the text, so the night theme cannot miss one.

const paths = {
  now: 'M12 3v2m0 14v2M3 12h2m14 0h2M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Z',
  pier: 'M3 8.5h12.5v8H3zm12.5 3 5-3v8l-5-3',
  expose: 'M4 7.5h3.5L9 5h6l1.5 2.5H20v11H4zM12 9.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7Z',
  focus: 'M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5m8-5a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z',
  stack: 'm12 3.5 9 4.5-9 4.5L3 8zM4 12.5l8 4 8-4M4 16.5l8 4 8-4',
  calibration: 'M12 3.5a8.5 8.5 0 1 0 0 17zm0 0a8.5 8.5 0 0 1 0 17M12 8h7m-7 4h8.5M12 16h7',
  mount: 'm5 9 12-5 2 4.5-12 5zM11 12.5 8 21m3-8.5 4.5 8.5',
  power: 'M12 3.5v8M7 6.5a7.5 7.5 0 1 0 10 0',
  files: 'M4 5h6l2 2.5h8V19H4zm0 5.5h16',
  devices: 'M8 3v5m8-5v5M5.5 8h13v3.5a6.5 6.5 0 0 1-13 0zM12 18v3.5',
  box: 'M4 8.5 12 4l8 4.5v8L12 21l-8-4.5zm0 0 8 4.5 8-4.5M12 13v8',
  log: 'M5 6h14M5 10.5h14M5 15h9m-9 4.5h6',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  warn: 'M12 4 2.5 20h19zm0 6v4.5m0 2.5h.01',
  close: 'm6 6 12 12M18 6 6 18',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10Z',
  sun:
    'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v2m0 14v2' +
    'M5.6 5.6 7 7m10 10 1.4 1.4M3 12h2m14 0h2M5.6 18.4 7 17M17 7l1.4-1.4',
  up: 'm6 14.5 6-6 6 6',
  down: 'm6 9.5 6 6 6-6',
  left: 'm14.5 6-6 6 6 6',
  right: 'm9.5 6 6 6-6 6',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  fit: 'M4 9V4h5m6 0h5v5m0 6v5h-5m-6 0H4v-5',
  download: 'M12 4v11m-5-4.5 5 5 5-5M5 20h14',
  upload: 'M12 16V5m-5 4.5 5-5 5 5M5 20h14',
  bin: 'M5 7h14M9.5 7V4h5v3M7 7l1 13h8l1-13',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  search: 'M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12Zm4.5 10.5 5 5',
  play: 'M7 5v14l12-7z',
  again: 'M19 12a7 7 0 1 1-2-5l2 2m0-4v4h-4',
  history: 'M12 7.5V12l3 2m5-2a8 8 0 1 1-2.5-5.7M20 4v4h-4',
  key: 'M8.5 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm3 1.5L20 4m-3.5 3.5L19 10',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  )
}
