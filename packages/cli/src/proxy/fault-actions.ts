import { familyOf } from '@chaosproxy/faults'
import { usageError } from '@chaosproxy/history'
import { printable } from '@chaosproxy/report'
import { given } from '../arguments/declare.ts'
import type { Action } from './action.ts'
import type { FaultAnswer } from './control-types.ts'
import { readFaultWords, readSettings } from './fault-words.ts'
import { findFault, healFaults, proxyPath } from './lookup.ts'

/** `chaos ctl` actions on single faults and partitions. */
export const faultActions: readonly Action[] = [
  {
    names: ['add', 'a'],
    usage: 'KIND PROXY|LINK… [parameter=value …]',
    summary: 'inject a fault, into open connections too',
    async run({ client, words, style, name, direction, lease }) {
      const body = readFaultWords(words)
      for (const proxy of (body['proxies'] as readonly string[] | undefined) ?? []) await proxyPath(client, proxy)
      const more = given({ name, direction, lease })
      const added = (await client.send('POST', '/v1/faults', { ...body, ...more })) as FaultAnswer
      const done = added.kind === 'reset' ? `${added.hits} connections reset` : `in force as ${style.bold(added.name)}`
      return { data: added, text: `  ${printable(`${added.kind} on ${added.links.join(' ')}: ${done}`)}\n` }
    },
  },
  {
    names: ['change', 'update', 'u'],
    usage: 'FAULT parameter=value …',
    summary: 'change a fault in force, without resetting its counts for open connections',
    async run({ client, words }) {
      const [name, ...settings] = words
      const { hits: _, missed: __, missedBecause: ___, origin: ____, ...before } = await findFault(client, name)
      const family = familyOf(before.kind)
      if (family === undefined || settings.length === 0)
        throw usageError('Say what to change: chaos ctl change FAULT parameter=value …')
      const { when, match, ...given } = readSettings(settings, before.kind, family)
      const merged = {
        ...before,
        ...given,
        ...mergeSection('when', before['when'], when),
        ...mergeSection('match', before['match'], match),
      }
      const changed = await client.send('PUT', `/v1/faults/${encodeURIComponent(before.name)}`, merged)
      return { data: changed, text: `  ${printable(before.name)}: changed\n` }
    },
  },
  {
    names: ['remove', 'rm', 'r'],
    usage: 'FAULT…',
    summary: 'heal faults, by name',
    async run({ client, words }) {
      if (words.length === 0)
        throw usageError('Name the fault to remove: chaos ctl remove FAULT. chaos ctl faults lists the faults.')
      const faults = await Promise.all(words.map((word) => findFault(client, word)))
      await healFaults(client, faults)
      return { data: { removed: words }, text: `  healed: ${words.join(' ')}\n` }
    },
  },
  {
    names: ['partition', 'cut'],
    usage: 'NAME GROUP GROUP…',
    summary: 'cut every link between groups of clients and servers: chaos ctl partition split n1,n2 n3',
    async run({ client, words }) {
      const [name, ...groups] = words
      if (name === undefined || groups.length < 2)
        throw usageError('A partition needs a name, and two groups or more: chaos ctl partition split n1,n2 n3')
      const body = { groups: groups.map((group) => group.split(',')) }
      const cut = (await client.send('PUT', `/v1/partitions/${encodeURIComponent(name)}`, body)) as FaultAnswer
      return { data: cut, text: `  ${name}: ${cut.links.length} links cut; heal it with chaos ctl remove ${name}\n` }
    },
  },
]

const mergeSection = (
  section: 'when' | 'match',
  before: unknown,
  given: unknown,
): { readonly [name: string]: unknown } =>
  before === undefined && given === undefined ? {} : { [section]: { ...(before ?? {}), ...(given ?? {}) } }
