// The frame around every view: who and where, whether the box answers, the way to the views, and STOP.
import type { ComponentChild } from 'preact'
import { useState } from 'preact/hooks'
import { pairingWish, session } from './ask'
import { useCell } from './cell'
import { boxNow, presence, useAt } from './live'
import { Icon, type IconName } from './parts/icon'
import { Pairing } from './parts/pairing'
import { Sheet } from './parts/sheet'
import { Stop } from './parts/stop'
import { useTick } from './parts/tick'
import { hrefOf, route } from './route'
import type { Observatory } from './states'
import type { Setup } from './states-own'
import { setTheme, theme } from './theme'
import { BoxView } from './views/box'
import { CalibrationView } from './views/calibration'
import { DevicesView } from './views/devices'
import { ExposeView } from './views/expose'
import { FilesView } from './views/files'
import { FocusView } from './views/focus'
import { LogView } from './views/log'
import { MountView } from './views/mount'
import { NowView } from './views/now'
import { PierView } from './views/pier'
import { PowerView } from './views/power'
import { SetUpView } from './views/setup'
import { StackView } from './views/stack'
import { clockSeconds, clockTime } from './words'

interface ViewRow {
  readonly id: IconName
  readonly name: string
  /** In the bar of a phone; the others stand behind “More”. */
  readonly near?: boolean
  /** Only on a box that is Pierside's own. */
  readonly onImage?: boolean
  readonly show: () => ComponentChild
}

/** The order of the rail. A new view is one file in views/ and one line here. */
const views: readonly ViewRow[] = [
  { id: 'now', name: 'Now', near: true, show: () => <NowView /> },
  { id: 'pier', name: 'Pier cam', show: () => <PierView /> },
  { id: 'expose', name: 'Expose', near: true, show: () => <ExposeView /> },
  { id: 'focus', name: 'Focus', show: () => <FocusView /> },
  { id: 'stack', name: 'Stack', near: true, show: () => <StackView /> },
  { id: 'calibration', name: 'Calibrate', show: () => <CalibrationView /> },
  { id: 'mount', name: 'Mount', near: true, show: () => <MountView /> },
  { id: 'power', name: 'Power', show: () => <PowerView /> },
  { id: 'files', name: 'Files', show: () => <FilesView /> },
  { id: 'devices', name: 'Devices', show: () => <DevicesView /> },
  { id: 'box', name: 'Box', onImage: true, show: () => <BoxView /> },
  { id: 'log', name: 'Log', show: () => <LogView /> },
]

function Head({ title }: { title: string }) {
  const observatory = useAt<Observatory>('observatory')?.value
  const shade = useCell(theme)
  const me = useCell(session)
  useTick(5000)
  const paired = me?.paired || me?.open
  return (
    <header class="head">
      <h1>{title}</h1>
      <p class="whose">
        <span class="name">{observatory?.name ?? ' '}</span>
        {observatory?.simulated && <span class="badge">simulated</span>}
      </p>
      <span class="time">{clockTime(boxNow())}</span>
      {me && !paired && (
        <button type="button" class="bare worded" onClick={() => pairingWish.set({ answer: () => {} })}>
          <Icon name="key" />
          Pair
        </button>
      )}
      <button
        type="button"
        class="bare"
        aria-label={shade === 'night' ? 'Day colours' : 'Red night colours'}
        onClick={() => setTheme(shade === 'night' ? 'day' : 'night')}
      >
        <Icon name={shade === 'night' ? 'sun' : 'moon'} />
      </button>
    </header>
  )
}

function Banners() {
  const { phase, sinceMs } = useCell(presence)
  const open = useAt<Observatory>('observatory')?.value.openAccess
  const setup = useAt<Setup>('setup')?.value
  return (
    <div class="banners">
      {phase === 'gone' && (
        <p id="box-gone" class="banner bad" role="alert">
          <Icon name="warn" />
          <span>
            <strong>The box is not answering since {clockSeconds(sinceMs)}.</strong> What you see is from then; controls
            come back when it does.
          </span>
        </p>
      )}
      {phase === 'calling' && (
        <p id="box-gone" class="banner" role="status">
          Calling the box …
        </p>
      )}
      {setup?.done === false && (
        <p class="banner">
          <Icon name="key" />
          <span>
            The box is not set up yet: nothing can be moved or switched. <a href={hrefOf('setup')}>Set it up</a>
          </span>
        </p>
      )}
      {open && (
        <p class="banner">
          <Icon name="key" />
          <span>Open access: anyone on this network may act. To ask for pairing, set access.open to false.</span>
        </p>
      )}
    </div>
  )
}

function Ways({ at }: { at: ViewRow }) {
  const [more, setMore] = useState(false)
  const own = useAt('image') !== undefined
  const rows = views.filter(({ onImage }) => own || !onImage)
  const link = (row: ViewRow, far: string) => (
    <a
      key={row.id}
      href={hrefOf(row.id)}
      class={far}
      aria-current={row === at ? 'page' : undefined}
      onClick={() => setMore(false)}
    >
      <Icon name={row.id} />
      <span>{row.name}</span>
    </a>
  )
  return (
    <>
      <nav class="ways" aria-label="Views">
        {rows.map(row => link(row, row.near ? '' : 'far'))}
        <button
          type="button"
          class="more"
          aria-haspopup="dialog"
          aria-current={at.near ? undefined : 'page'}
          onClick={() => setMore(true)}
        >
          <Icon name={at.near ? 'more' : at.id} />
          <span>{at.near ? 'More' : at.name}</span>
        </button>
      </nav>
      {more && (
        <Sheet title="All views" onClose={() => setMore(false)}>
          <nav class="all-ways" aria-label="All views">
            {rows.map(row => link(row, ''))}
          </nav>
        </Sheet>
      )}
    </>
  )
}

export function App() {
  const { view } = useCell(route)
  const setup = useAt<Setup>('setup')?.value
  // Who comes without naming a view is led through it; who looks around is told of it.
  if (setup?.done === false && (view === 'setup' || !location.hash)) return <SetUpView />
  const at = views.find(row => row.id === view) ?? views[0]
  return (
    <div class="app">
      <Head title={at.name} />
      <Banners />
      <main key={at.id} class={`view view-${at.id}`}>
        {at.show()}
      </main>
      <div class="dock">
        <Ways at={at} />
        <Stop />
      </div>
      <Pairing />
    </div>
  )
}
