// The dialog that opens when the box does not know this device yet: a code, a name, and the request goes on.
import { useState } from 'preact/hooks'
import { pair, pairingWish, thisDevice } from '../ask'
import { useCell } from '../cell'
import { presence, useAt } from '../live'
import { Said, useJob } from './act'
import { Field } from './fields'
import { Sheet } from './sheet'

export function Pairing() {
  const wish = useCell(pairingWish)
  const gone = useCell(presence).phase !== 'here'
  const ours = useAt('image') !== undefined
  const [code, setCode] = useState('')
  const [name, setName] = useState(thisDevice)
  const job = useJob()
  if (!wish) return null
  const leave = (paired: boolean): void => {
    pairingWish.set(undefined)
    setCode('')
    job.clear()
    wish.answer(paired)
  }
  const send = async (): Promise<void> => {
    const done = await job.run('pair', async () => {
      await pair(code, name)
      return true
    })
    if (done) leave(true)
  }
  const missing = !code.trim() ? 'Type the code first' : !name.trim() ? 'Give this device a name' : undefined
  return (
    <Sheet title="Pair this device" onClose={() => leave(false)}>
      <form
        class="stacked"
        noValidate
        onSubmit={event => {
          event.preventDefault()
          if (!missing && !gone) void send()
        }}
      >
        <p>
          Anyone may look; acting needs pairing, once for each device.{' '}
          {ours
            ? 'An administrator’s device gets a code on its Box page; or write one into pierside.txt on the card.'
            : 'The code stands in the terminal where the agent runs, under the QR code.'}
        </p>
        {wish.words && !job.trouble && <p class="why block">{wish.words}</p>}
        <Field
          first
          label="Code"
          value={code}
          onValue={setCode}
          keys="text"
          placeholder={ours ? 'eight digits' : 'as shown in the terminal'}
        />
        <Field label="Name of this device" value={name} onValue={setName} help="Shown to others as “in use by …”" />
        <Said by={job} />
        <button type="submit" class="main" disabled={!!missing || gone || !!job.pending} aria-describedby="pair-why">
          {job.pending ? 'Pairing …' : 'Pair'}
        </button>
        {missing && (
          <small id="pair-why" class="why">
            {missing}
          </small>
        )}
      </form>
    </Sheet>
  )
}
