// A night onto a USB stick: one button for each that is plugged in, and how far the copy is.
import { useKind } from '../live'
import { Act, Said, useJob } from '../parts/act'
import { Bar } from '../parts/ring'
import type { Activity } from '../states'
import type { Stick } from '../states-own'
import { sentence, size } from '../words'

export function Sticks({ night }: { night: string }) {
  const job = useJob()
  const sticks = useKind<Stick>('stick')
  const copies = useKind<Activity>('activity').filter(({ value }) => value.action === 'night-copy')
  const running = copies.find(({ value }) => value.status === 'running')
  const last = copies.findLast(({ value }) => value.status === 'done')?.value
  if (sticks.length === 0 && !running && !job.activity) return null
  return (
    <div class="sticks">
      {sticks.map(({ path, value }) => {
        const name = path.slice('stick/'.length)
        const label = value.label ?? name
        return (
          <div class="row" key={path}>
            <Act
              job={job}
              label={`Copy this night to ${label}`}
              ask="night-copy"
              input={{ stick: name, night }}
              unless={value.readOnly ? 'It may not be written to' : running && 'One copy at a time'}
            />
            <small class="dim">{size(value.freeBytes ?? 0)} free</small>
            {value.ejects && !running && (
              <Act job={job} label={`Let ${label} go`} ask="stick-eject" input={{ stick: name }}>
                <span>Let it go</span>
              </Act>
            )}
          </div>
        )
      })}
      {running && (
        <>
          <Bar part={(running.value.done ?? 0) / Math.max(1, running.value.total ?? 1)} label="Copied" />
          <div class="row">
            <p role="status">{running.value.summary ?? 'Looking at the stick'} …</p>
            <Act job={job} label="Stop the copy" ask="night-copy-stop" />
          </div>
        </>
      )}
      {!running && last && <p class="dim">{sentence(last.summary ?? '')}</p>}
      <Said by={job} />
    </div>
  )
}
