import { quote } from '@chaosproxy/faults'
import type { ControlPlane } from '../plane/plane.ts'
import type { ApiReply } from '../server/api.ts'
import { ControlError } from '../state/errors.ts'
import type { FaultOrigin, NamedFault } from '../state/fault-board.ts'
import { type DescribedRoute, reference } from './described-route.ts'
import { adds, gets, lists, type NamedThings, puts, removes } from './named-things.ts'
import { json } from './replies.ts'
import { readFault, readJsonBody, readPartition, readRules } from './requests.ts'
import type { Views } from './views.ts'

export const faultRoutes = (plane: ControlPlane, views: Views): readonly DescribedRoute[] => [
  ...singleFaults(plane, views),
  ...partitions(plane, views),
  ...ruleSets(plane, views),
]

function singleFaults(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  const faults: NamedThings<NamedFault> = { noun: 'fault', view: views.fault }
  const freeName = createNames(plane)
  return [
    lists(faults, 'Every fault in force, including toxics, partitions and those of the rule set', () =>
      plane.faults.list(),
    ),
    adds(
      faults,
      'Injects a fault, on live connections too',
      { done: 'It is in force.', errors: [404, 409] },
      (body) => {
        const { name, fault, lease } = readFault(body, plane, 'fault')
        const added = plane.addFault({ name: name ?? freeName(fault.kind), fault, lease, origin: 'api' })
        return [added.name, added]
      },
    ),
    gets(faults, 'One fault, with its hits', (name) => plane.faults.get(name)),
    puts(
      faults,
      'Injects a fault under this name, or changes the one that has it (status 200, or 201 for a new one)',
      { done: 'The fault is changed.', created: 'The fault is injected.', errors: [404, 409] },
      (name, body) => putFault(plane, name, body),
    ),
    removes(
      faults,
      'Heals it, at once and on live connections',
      { done: 'It is healed.', errors: [404, 409] },
      (name) => plane.removeFault(ownFault(plane, name, 'api').name),
    ),
  ]
}

/** Returns a function that names an unnamed fault by its kind and the next free number: `latency-1`. */
function createNames(plane: ControlPlane): (kind: string) => string {
  let numbered = 0
  return (kind) => {
    const taken = new Set(plane.faults.list().map(({ name }) => name))
    do numbered++
    while (taken.has(`${kind}-${numbered}`))
    return `${kind}-${numbered}`
  }
}

function putFault(plane: ControlPlane, name: string, body: unknown): readonly [status: 200 | 201, fault: NamedFault] {
  const wanted = readFault(body, plane, 'fault')
  if (wanted.name !== undefined && wanted.name !== name)
    throw new ControlError(400, `the path names the fault ${quote(name)}, but the body names ${quote(wanted.name)}`)
  if (!plane.faults.list().some((fault) => fault.name === name))
    return [201, plane.addFault({ ...wanted, name, origin: 'api' })]
  const existing = ownFault(plane, name, 'api')
  if (wanted.lease !== undefined && wanted.lease !== existing.lease)
    throw new ControlError(409, `the fault ${quote(name)} depends on another lease; remove the fault, and add it again`)
  return [200, plane.updateFault(name, wanted.fault)]
}

/** For each origin of a fault: the part of an error message that says where such a fault can be changed. */
const homes: { readonly [origin in FaultOrigin]: string } = {
  api: 'at /v1/faults',
  partition: 'at /v1/partitions',
  rules: 'by putting another rule set at /v1/rules',
  toxic: 'as a toxic of its proxy',
}

/** @throws ControlError (404), (409) for a fault of another origin. */
function ownFault(plane: ControlPlane, name: string, origin: FaultOrigin): NamedFault {
  const fault = plane.faults.get(name)
  if (fault.origin === origin) return fault
  throw new ControlError(409, `${quote(name)} cannot be changed here. Change it ${homes[fault.origin]}`)
}

function partitions(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  const things: NamedThings<NamedFault> = { noun: 'partition', removed: 'heal', view: views.partition }
  return [
    lists(things, 'Every partition in force', () => plane.faults.list().filter(({ origin }) => origin === 'partition')),
    puts(
      things,
      'Cuts every link between the groups, under this name, or changes the partition that has it',
      { done: 'It is in force.', errors: [409] },
      (name, body) => {
        const fault = readPartition(body, plane, 'partition')
        const exists = plane.faults.list().some((other) => other.name === name)
        if (!exists) return [200, plane.addFault({ name, fault, origin: 'partition' })]
        return [200, plane.updateFault(ownFault(plane, name, 'partition').name, fault)]
      },
    ),
    removes(
      things,
      'Heals the partition: held bytes are delivered, and connections that lost bytes are reset',
      { done: 'It is healed.', errors: [404, 409] },
      (name) => plane.removeFault(ownFault(plane, name, 'partition').name),
    ),
  ]
}

function ruleSets(plane: ControlPlane, views: Views): readonly DescribedRoute[] {
  function ruleSet(): ApiReply {
    const { epoch } = plane.faults
    const faults = plane.faults.list().filter(({ origin }) => origin === 'rules')
    return json(200, { epoch, faults: faults.map(views.fault) }, { ETag: `"${epoch}"` })
  }

  return [
    {
      method: 'GET',
      path: '/v1/rules',
      operation: 'getRules',
      summary: 'The rule set in force, with the epoch, which counts changes of faults',
      success: { status: 200, description: 'The rule set; the epoch is the ETag.', schema: reference('RuleSet') },
      handle: ruleSet,
    },
    {
      method: 'PUT',
      path: '/v1/rules',
      operation: 'swapRules',
      summary:
        'Replaces the rule set atomically: all of it, or nothing if something is invalid. An unchanged fault keeps its state. With an epoch in If-Match, only if no fault has changed since that epoch',
      body: reference('RuleSetRequest'),
      success: { status: 200, description: 'The rule set is in force.', schema: reference('RuleSet') },
      errors: [404, 409, 412],
      handle({ body, headers }) {
        const expected = headers['if-match']
        if (expected !== undefined && expected !== '*' && expected !== `"${plane.faults.epoch}"`)
          throw new ControlError(
            412,
            `the faults have epoch ${plane.faults.epoch}, not ${expected}; read the rule set again`,
          )
        plane.swapRules(readRules(readJsonBody(body), plane, 'rules'))
        return ruleSet()
      },
    },
  ]
}
