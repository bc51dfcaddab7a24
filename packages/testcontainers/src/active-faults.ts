import type { TrafficFault } from '@chaosproxy/faults'
import type { ContainerNetwork } from '@chaosproxy/targets'
import { type Recording, UserError } from 'chaosproxy'

/** Heals a fault once, and resolves with its number of hits. */
export type Heal = () => Promise<number>

/** Faults in force between containers, for the report of the current recording. */
export interface ActiveFaults {
  /** @throws UserError for a fault that cannot be injected into these links. */
  inject(fault: TrafficFault): Promise<Heal>
  /** Adds a fault of a recording, so that `healAll` heals it, too. */
  add(heal: Heal): Heal
  /** Reports the faults in force and all later faults to this recording; `undefined` stops the reports. */
  noteIn(recording: Pick<Recording, 'note'> | undefined): void
  healAll(): Promise<void>
}

interface Active {
  readonly fault: TrafficFault
  ended: (hits: number) => void
}

export function createActiveFaults({ inject }: Pick<ContainerNetwork, 'inject'>): ActiveFaults {
  const heals = new Set<Heal>()
  const active = new Set<Active>()
  let recording: Pick<Recording, 'note'> | undefined

  function add(heal: Heal): Heal {
    let healed: Promise<number> | undefined
    const once: Heal = () => {
      healed ??= heal().finally(() => heals.delete(once))
      return healed
    }
    heals.add(once)
    return once
  }

  return {
    add,
    async inject(fault) {
      const outcome = await inject(fault)
      if (outcome.type === 'failed') throw new UserError('usage', `${fault.kind}: ${outcome.error}`)
      const current: Active = { fault, ended: recording?.note(fault) ?? (() => {}) }
      active.add(current)
      return add(async () => {
        const hits = await new Promise<number>((resolve, reject) => {
          outcome.heal((end) =>
            end.type === 'healed' ? resolve(end.hits) : reject(new UserError('environment', end.error)),
          )
        })
        active.delete(current)
        current.ended(hits)
        return hits
      })
    },
    noteIn(next) {
      recording = next
      for (const current of active) current.ended = next?.note(current.fault) ?? (() => {})
    },
    async healAll() {
      await Promise.all([...heals].map((heal) => heal()))
    },
  }
}
