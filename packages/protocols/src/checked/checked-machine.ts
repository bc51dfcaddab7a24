import type { NodeId } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import { type AnyMachine, type ProtocolDefinition, wrapWatches } from '../definition.ts'
import type { MachineEvent, NodeSetting, NodeStatus, Transition } from '../machine.ts'
import { describeEvent, isThenable, MachineError, threwOn, valueText } from '../machine-error.ts'
import { Answered } from './answered.ts'
import { type AnyEffect, checkedEffect, Mistake } from './checked-effect.ts'

type AnyEvent = MachineEvent<unknown>
type AnyTransition = Transition<Checked, unknown, unknown>

interface Checked {
  readonly node: NodeId
  readonly peers: readonly NodeId[]
  readonly answered: Answered
  event: AnyEvent | undefined
  state: unknown
}

/**
 * Checks an untrusted protocol at run time. If its code throws or returns something invalid, throws a `MachineError`
 * that names the event. Everything is copied through JSON, so that nodes in one process share no objects.
 */
export const checkedProtocol = (protocol: ProtocolDefinition): ProtocolDefinition => {
  const { changes, invariants } = protocol
  return {
    ...protocol,
    create: (options) => checkedMachine(protocol.create(options)),
    invariants: wrapWatches(
      invariants,
      (watch, node, name) => (checked, event, durable) =>
        withMachineErrors(node, event, `"${name}"`, () => watch((checked as Checked).state, event, durable)),
    ),
    changes:
      changes &&
      (() => {
        const changed = changes()
        return (checked) => {
          const { node, event, state } = checked as Checked
          return withMachineErrors(node, event, '"changes"', () => changed(state))
        }
      }),
  }
}

export function checkedMachine(machine: AnyMachine): AnyMachine {
  const lives = new Map<NodeId, Answered>()
  return {
    start(setting: NodeSetting, journal: readonly unknown[], now: Millis): AnyTransition {
      const { id, peers, seed } = setting
      const answered = new Answered(id, lives.get(id))
      lives.set(id, answered)
      const checked: Checked = { node: id, peers, answered, event: undefined, state: undefined }
      // The records are copied, so that a node cannot change the records on its disk.
      const records = journal.map((record) => JSON.parse(JSON.stringify(record)))
      return stepped(checked, '', () => machine.start({ id, peers: [...peers], seed }, records, now))
    },
    step(checked: Checked, event: AnyEvent, now: Millis, steady: Millis): AnyTransition {
      const text = JSON.stringify(event)
      const given: AnyEvent = JSON.parse(text)
      checked.event = event
      if (event.type === 'request') checked.answered.requestBegins(event.requestId)
      checked.answered.stepBegins()
      return stepped(checked, event.type === 'message' ? text : '', () => {
        const returned = machine.step(checked.state, given, now, steady)
        if (JSON.stringify(given) !== text)
          throw new Mistake(
            'changed the event that it was given',
            `the event became ${valueText(given)}; change a copy of the event instead`,
          )
        return returned
      })
    },
    status: statusOf,
  }

  /** Runs a step and reads the status at once, so that an error is reported at the event that caused it. */
  function stepped(checked: Checked, messageText: string, run: () => unknown): AnyTransition {
    const transition = transitionOf(checked, messageText, run)
    statusOf(checked)
    return transition
  }

  function statusOf({ node, event, state }: Checked): NodeStatus {
    return withMachineErrors(node, event, '"status"', () => checkedStatus(machine.status(state)))
  }
}

function transitionOf(checked: Checked, messageText: string, run: () => unknown): AnyTransition {
  const { node, peers, answered, event } = checked
  try {
    const returned = run()
    const { state, effects } = checkedReturn(returned)
    checked.state = state
    const carried: AnyEffect[] = []
    const context = { node, peers, answered, messageText }
    for (const effect of effects) {
      const one = checkedEffect(effect, context)
      if (one !== undefined) carried.push(one)
    }
    return { state: checked, effects: carried }
  } catch (error) {
    throw machineErrorOf(node, event, error)
  }
}

function machineErrorOf(node: NodeId, event: AnyEvent | undefined, error: unknown): MachineError {
  if (!(error instanceof Mistake)) return threwOn(node, event, error)
  return new MachineError({ node, did: error.did, on: describeEvent(event), detail: error.instead })
}

function checkedReturn(returned: unknown): { readonly state: unknown; readonly effects: readonly unknown[] } {
  if (isThenable(returned)) {
    // The promise may be rejected later; the rejection is ignored.
    returned.then(undefined, () => {})
    throw new Mistake(
      'returned a promise',
      'start and step must return { state, effects } synchronously, and not a promise',
    )
  }
  if (typeof returned !== 'object' || returned === null)
    throw new Mistake(`returned ${valueText(returned)}`, 'start and step must return { state, effects }')
  const { state, effects } = returned as { readonly state?: unknown; readonly effects?: unknown }
  if (state === undefined)
    throw new Mistake(
      'returned no "state"',
      'start and step must return { state, effects }; return null for an empty state',
    )
  if (!Array.isArray(effects))
    throw new Mistake(`returned the effects ${valueText(effects)}`, 'effects must be a list; return [] for none')
  return { state, effects }
}

function checkedStatus(status: unknown): NodeStatus {
  const wrong = (what: string): Mistake =>
    new Mistake(`returned ${what} from "status"`, 'a status must be { role: STRING, leads: true or false, … }')
  if (isThenable(status) || typeof status !== 'object' || status === null) throw wrong(valueText(status))
  const { role, leads, ready, owes, term, applied, leader } = status as { readonly [member: string]: unknown }
  const mustBe = (name: string, value: unknown, type: string) => {
    if (value !== undefined && typeof value !== type) throw wrong(`${name} ${valueText(value)}`)
  }
  if (typeof role !== 'string') throw wrong(`the role ${valueText(role)}`)
  mustBe('leads', leads, 'boolean')
  mustBe('ready', ready, 'boolean')
  mustBe('owes', owes, 'boolean')
  mustBe('term', term, 'number')
  mustBe('applied', applied, 'number')
  mustBe('leader', leader, 'string')
  return status as NodeStatus
}

function withMachineErrors<T>(node: NodeId, event: AnyEvent | undefined, name: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof Mistake) throw machineErrorOf(node, event, error)
    throw threwOn(node, event, error, `threw from ${name}`)
  }
}
