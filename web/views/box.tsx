// The box itself, as far as it is Pierside's own image: one card for each of its affairs.
import { AccessCard } from './box-access'
import { BackupCard } from './box-backup'
import { DataCard } from './box-data'
import { DevicesCard } from './box-devices'
import { NetworkCard } from './box-network'
import { PowerCard } from './box-power'
import { ResetCard } from './box-reset'
import { ShareCard } from './box-share'
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
        <PowerCard />
      </div>
      <div class="stacked">
        <ShareCard />
        <DataCard />
        <BackupCard />
        <TimeCard />
        <PlaceCard />
        <ResetCard />
      </div>
    </div>
  )
}
