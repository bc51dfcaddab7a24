import { EXIT, readTextFile } from '@chaosproxy/engine/run'
import { didYouMean, usageError } from '@chaosproxy/history'
import { createControlClient } from '@chaosproxy/proxy/client'
import { printable } from '@chaosproxy/report'
import { flag, inGroup, jsonOption, word } from '../arguments/declare.ts'
import { type Command, type CommandAction, flagOf, type ParsedOptions, textOf, textsOf } from '../command.ts'
import { describedBy } from '../option.ts'
import type { Action } from '../proxy/action.ts'
import { actions } from '../proxy/actions.ts'
import { tokenOf } from '../proxy/token.ts'
import { watchEvents } from '../proxy/watch.ts'
import { fitted } from '../terminal/fitted.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

const WATCH: CommandAction = {
  names: ['watch', 'w'],
  usage: '',
  summary: 'print events as they happen, until Ctrl-C',
}

const all: readonly CommandAction[] = [...actions, WATCH]

const WITH_ADD = 'With add'

export const command: Command = {
  name: 'ctl',
  positional: '[words..]',
  summary: 'control a running chaos proxy: list, inspect, add and remove faults, swap rules, watch',
  options: {
    ...inGroup('Which proxy', [], {
      host: word('address of the control API of the proxy [default: the variable CHAOS_PROXY_URL, or 127.0.0.1:8474]'),
      token: word(
        'token that the control API requires, or env:NAME for the variable that holds it [default: the variable CHAOS_TOKEN]',
      ),
      ca: word(
        'PEM file with the certificate to trust if the control API speaks TLS: the certificate of the proxy, or of its authority',
      ),
    }),
    ...inGroup(WITH_ADD, [], {
      name: word('(add only) name of the fault'),
      lease: word('(add only) id of a lease; the fault heals when this lease ends'),
      upstream: flag('(add only) apply the fault only to what clients send'),
      downstream: flag('(add only) apply the fault only to what servers send'),
    }),
    ...jsonOption,
  },
  actions: all,
  examples: [
    [
      'chaos ctl add latency db latencyMs=200 jitterMs=50',
      'requests to db and its responses each arrive about 200 ms later',
    ],
    ['chaos ctl add lose-reply shop method=PUT nth=3', 'every third PUT takes effect, and its response is lost'],
    ['chaos ctl reset', 'heals all faults'],
  ],
  helpFor(argv) {
    const action = all.find(({ names }) => names.includes(argv[0] ?? ''))
    return action && helpOf(action)
  },
  async run(options) {
    const [word, ...words] = textsOf(options, 'words')
    const json = flagOf(options, 'json')
    const ca = textOf(options, 'ca')
    const client = createControlClient({
      host: textOf(options, 'host') ?? process.env['CHAOS_PROXY_URL'] ?? '127.0.0.1:8474',
      token: tokenOf(textOf(options, 'token')),
      authorities: ca === undefined ? undefined : readTextFile('--ca', ca),
      words: { host: '--host', token: '--token or CHAOS_TOKEN', authorities: '--ca FILE' },
    })
    if (WATCH.names.some((name) => name === word)) {
      refuseMore(WATCH, words)
      await watchEvents(client, json)
      return EXIT.met
    }
    const style = styleFor()
    const action = findAction(word)
    refuseMore(action, words)
    const { data, text } = await action.run({
      client,
      words,
      style,
      name: textOf(options, 'name'),
      lease: textOf(options, 'lease'),
      direction: parseDirection(options),
    })
    print(json ? `${printable(JSON.stringify(data ?? null))}\n` : fitted(text))
    return EXIT.met
  },
}

function helpOf({ names: [name, ...others], usage, summary }: CommandAction): string {
  const options = Object.entries(command.options).flatMap(([option, { describe, group }]) => {
    if (group === WITH_ADD && name !== 'add') return []
    return [`  --${option.padEnd(12)}${describedBy(describe).replace('(add only) ', '')}`]
  })
  return [
    `chaos ctl ${name} ${usage}`.trim(),
    '',
    summary,
    ...(others.length === 0 ? [] : ['', `Also: ${others.map((other) => `chaos ctl ${other}`).join(', ')}`]),
    ...(usage.includes('KIND') ? ['', 'chaos ctl kinds lists the kinds and their parameters.'] : []),
    '',
    'Options:',
    ...options,
    '',
  ].join('\n')
}

/** @throws UserError (usage) */
function findAction(word: string | undefined): Action {
  const known = all.map(({ names: [name] }) => name)
  const found = actions.find(({ names }) => word !== undefined && names.includes(word))
  if (found !== undefined) return found
  if (word === undefined) throw usageError(`chaos ctl needs an action: ${known.join(', ')}.`)
  throw usageError(`chaos ctl has no action "${word}".${didYouMean(word, known)} Its actions: ${known.join(', ')}.`)
}

/**
 * Rejects surplus words. A user who types `reset db` wants to reset only db, but the action would remove all faults.
 */
function refuseMore({ names: [name], usage }: CommandAction, words: readonly string[]): void {
  if (usage.includes('…')) return
  const most = usage === '' ? 0 : usage.split(' ').length
  const extra = words[most]
  if (extra !== undefined)
    throw usageError(`chaos ctl ${name} takes no "${extra}". Usage: ${`chaos ctl ${name} ${usage}`.trim()}`)
}

function parseDirection(options: ParsedOptions): 'upstream' | 'downstream' | undefined {
  const upstream = flagOf(options, 'upstream')
  const downstream = flagOf(options, 'downstream')
  return upstream === downstream ? undefined : upstream ? 'upstream' : 'downstream'
}
