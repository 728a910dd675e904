// Buttons that ask the box for something: one way to be pending, to be refused, and to say why not.
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { ask, pairingWish, Refusal, session } from '../ask'
import { useCell } from '../cell'
import { useAt } from '../live'
import type { Activity } from '../states'
import { sentence } from '../words'
import { useGone } from './gone'
import { Icon, type IconName } from './icon'

/** What one group of controls is doing, and what the box said when it would not. */
export interface Job {
  readonly pending: string | undefined
  readonly trouble: Refusal | undefined
  /** The activity that was started last, which may still fail after its id was answered. */
  readonly activity: string | undefined
  /** Settles with what the box answered, or `undefined` when it refused; then `trouble` says why. */
  run<T>(name: string, work: () => Promise<T>): Promise<T | undefined>
  clear(): void
}

export function useJob(): Job {
  const [pending, setPending] = useState<string>()
  const [trouble, setTrouble] = useState<Refusal>()
  const [activity, setActivity] = useState<string>()
  const here = useRef(true)
  useEffect(() => {
    here.current = true
    return () => {
      here.current = false
    }
  }, [])
  return {
    pending,
    trouble,
    activity,
    clear() {
      setTrouble(undefined)
      setActivity(undefined)
    },
    async run(name, work) {
      setPending(name)
      setTrouble(undefined)
      setActivity(undefined)
      try {
        const answer = await work()
        const { id } = Object(answer) as { id?: unknown }
        if (here.current && typeof id === 'string') setActivity(id)
        return answer
      } catch (error) {
        if (here.current) setTrouble(asRefusal(error))
        return undefined
      } finally {
        if (here.current) setPending(undefined)
      }
    },
  }
}

export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  return new Refusal(
    `This page failed: ${error instanceof Error ? error.message : String(error)}`,
    'Reload it',
    'broken',
    0,
  )
}

/** What became of a job: refused at once, or failed on its way. */
export function Said({ by }: { by: Job }) {
  const activity = useAt<Activity>(by.activity && `activity/${by.activity}`)?.value
  if (by.trouble) return <Trouble of={by.trouble} onClose={by.clear} />
  if (activity?.status !== 'failed') return null
  return <Trouble of={new Refusal(activity.error ?? 'It failed', activity.fix ?? '', 'failed', 0)} onClose={by.clear} />
}

/** The box's own words: what happened, and what a person can do. */
export function Trouble({ of, onClose }: { of: Refusal | undefined; onClose?: () => void }) {
  const me = useCell(session)
  if (!of) return null
  return (
    <div class="trouble" role="alert">
      <Icon name="warn" />
      <div>
        <p>{sentence(of.message)}</p>
        {of.fix && <p class="fix">{sentence(of.fix)}</p>}
        {of.status === 403 && me && !me.paired && (
          <button type="button" class="quiet" onClick={() => pairingWish.set({ answer: () => {} })}>
            Pair this device
          </button>
        )}
      </div>
      {onClose && (
        <button type="button" class="bare" aria-label="Close this message" onClick={onClose}>
          <Icon name="close" />
        </button>
      )}
    </div>
  )
}

interface ActProps {
  readonly job: Job
  readonly label: string
  readonly icon?: IconName
  readonly kind?: 'main' | 'quiet' | 'danger'
  /** Why it cannot be pressed now. Falsy: it can. */
  readonly unless?: string | false
  /** What has to be done before, or that it is so already: no trouble, and said more quietly. */
  readonly yet?: string | false
  /** Id of the text that already says why, when a whole group shares one reason. */
  readonly told?: string
  readonly class?: string
  readonly children?: ComponentChildren
  /** An action of the table with its input … */
  readonly ask?: string
  readonly input?: object
  /** … or anything else to do. */
  readonly work?: () => Promise<unknown>
  readonly onDone?: (answer: unknown) => void
}

export function Act(props: ActProps) {
  const { job, label, icon, kind = 'quiet', unless, yet, told, onDone } = props
  const gone = useGone()
  const own = useId()
  const name = props.ask ? `${props.ask}:${label}` : label
  const pending = job.pending === name
  const press = async (): Promise<void> => {
    const answer = await job.run(name, props.work ?? (() => ask(props.ask!, props.input)))
    if (answer !== undefined) onDone?.(answer)
  }
  return (
    <span class={`act ${props.class ?? ''}`}>
      <button
        type="button"
        class={kind}
        aria-label={props.children ? label : undefined}
        aria-busy={pending}
        aria-describedby={gone ? 'box-gone' : unless ? (told ?? own) : yet ? own : undefined}
        disabled={gone || !!unless || !!yet || pending}
        onClick={() => void press()}
      >
        {icon && <Icon name={icon} />}
        {props.children ?? <span>{label}</span>}
      </button>
      {!gone && (unless ? !told : yet) && (
        <small id={own} class={unless ? 'why' : 'dim'}>
          {unless || yet}
        </small>
      )}
    </span>
  )
}

/** For what begins something that shows at the top of its view, while its button stands at the end of a form. */
export const toTop = (): void => window.scrollTo({ top: 0 })

/** A shared reason for a group of buttons that cannot be pressed now. */
export function Why({ id, words }: { id: string; words: string | false | undefined }) {
  if (!words) return null
  return (
    <p id={id} class="why block">
      {words}
    </p>
  )
}

/** For what cannot be taken back: the first tap asks, the second within four seconds does. */
export function TwiceTapped(props: Omit<ActProps, 'kind'> & { again: string }) {
  const [armed, setArmed] = useState(false)
  const gone = useGone()
  useEffect(() => {
    if (!armed) return
    const calm = setTimeout(() => setArmed(false), 4000)
    return () => clearTimeout(calm)
  }, [armed])
  if (armed) return <Act {...props} label={props.again} kind="danger" class={`${props.class ?? ''} armed`} />
  return (
    <span class={`act ${props.class ?? ''}`}>
      <button
        type="button"
        class="quiet"
        disabled={gone || !!props.unless || !!props.yet}
        onClick={() => setArmed(true)}
      >
        {props.icon && <Icon name={props.icon} />}
        <span>{props.label}</span>
      </button>
      {props.unless && !props.told && <small class="why">{props.unless}</small>}
    </span>
  )
}
