// How the box itself is: supply, heat, memory, disk, and what it warns of.
import { useAt } from '../live'
import { Figure } from '../parts/fields'
import { Bar } from '../parts/ring'
import type { BoxHealth, Storage } from '../states'
import type { Card } from '../states-own'
import { duration, fixed, size } from '../words'

export function BoxCard() {
  const box = useAt<BoxHealth>('box')?.value
  const disk = useAt<Storage>('storage')?.value
  const card = useAt<Card>('card')?.value
  if (!box) return null
  const { memoryTotalBytes, memoryFreeBytes, diskTotalBytes, diskFreeBytes } = box
  return (
    <section class="card">
      <h2>The box</h2>
      {box.model && <p class="dim">{box.model}</p>}
      {box.warnings?.map(words => (
        <p key={words} class="why block">
          {words}.
        </p>
      ))}
      {card && <p class={card.troubled ? 'why block' : 'dim'}>{card.sentence}</p>}
      <dl class="figures">
        {box.cpuCelsius !== undefined && <Figure label="Processor" value={fixed(box.cpuCelsius, 0)} unit="°C" />}
        {box.underVoltage !== undefined && <Figure label="Supply" value={box.underVoltage ? 'too weak' : 'well'} />}
        {memoryFreeBytes !== undefined && memoryTotalBytes !== undefined && (
          <Figure label="Memory free" value={size(memoryFreeBytes)} />
        )}
        {box.load !== undefined && <Figure label="Load" value={fixed(box.load, 1)} />}
        {box.uptimeSeconds !== undefined && <Figure label="Up for" value={duration(box.uptimeSeconds)} />}
        {box.cardLifePercent !== undefined && (
          <Figure label="Card used up" value={fixed(box.cardLifePercent, 0)} unit="%" />
        )}
      </dl>
      {diskTotalBytes !== undefined && diskFreeBytes !== undefined && (
        <>
          <Bar part={1 - diskFreeBytes / diskTotalBytes} label="Disk used" />
          <dl class="figures">
            <Figure label="Disk free" value={size(diskFreeBytes)} />
            <Figure label="of" value={size(diskTotalBytes)} />
          </dl>
        </>
      )}
      {disk?.low && <p class="warned">Nearly full: download and delete a night.</p>}
    </section>
  )
}
