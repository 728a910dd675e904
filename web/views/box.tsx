// The box itself, as far as it is Pierside's own image: one card for each of its affairs.
import { AccessCard } from './box-access'
import { DevicesCard } from './box-devices'
import { NetworkCard } from './box-network'
import { PlaceCard, TimeCard } from './box-time'
import { UpdateCard } from './box-update'

export function BoxView() {
  return (
    <div class="two">
      <div class="stacked">
        <NetworkCard />
        <AccessCard />
        <DevicesCard />
        <UpdateCard />
      </div>
      <div class="stacked">
        <TimeCard />
        <PlaceCard />
      </div>
    </div>
  )
}
