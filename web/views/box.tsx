// The box itself, as far as it is Pierside's own image: one card for each of its affairs.
import { UpdateCard } from './box-update'

export function BoxView() {
  return (
    <div class="two">
      <div class="stacked">
        <UpdateCard />
      </div>
    </div>
  )
}
