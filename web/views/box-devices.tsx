// What this box can take: which devices work on the board that it is, and what the others lack.
import { useAt } from '../live'
import { Fold } from '../parts/fold'
import type { Board, BoardDevice } from '../states-own'

export function DevicesCard() {
  const board = useAt<Board>('board')?.value
  if (!board) return null
  const devices = board.devices ?? []
  const kinds = [...new Set(devices.map(({ kind }) => kind))]
  return (
    <section class="card">
      <h2>What this box can take</h2>
      <p class="dim">{boardWords(board)}</p>
      {kinds.map(kind => (
        <Kind key={kind} kind={kind} devices={devices.filter(device => device.kind === kind)} />
      ))}
    </section>
  )
}

function boardWords({ name = 'This computer', claimed, provenOn }: Board) {
  if (!claimed) return `${name}: none of the boards that this image is made for.`
  if (provenOn) return `${name}. The image was seen to run on one on ${provenOn}.`
  return `${name}. Nobody has seen the image run on one yet.`
}

function Kind({ kind, devices }: { kind: string; devices: readonly BoardDevice[] }) {
  const working = devices.filter(({ lacking }) => lacking.length === 0)
  const summary = working.length === devices.length ? 'all work' : `${working.length} of ${devices.length} work`
  return (
    <Fold label={kind} summary={summary}>
      <ul class="boxes">
        {devices.map(device => (
          <li key={device.name} class="well">
            <strong>{device.name}</strong>
            <p class="dim">{howWords(device)}</p>
          </li>
        ))}
      </ul>
    </Fold>
  )
}

function howWords({ by, overlay, lacking }: BoardDevice) {
  if (lacking.length > 0) return `Does not work: this image has no ${lacking.join(', no ')}`
  const served = by === 'Linux' ? 'Works by itself' : `Works by ${by}`
  return overlay ? `${served}, with dtoverlay=${overlay} in owner.txt on the card` : served
}
