import { extname } from 'node:path'
import { onlyService } from '@chaosproxy/engine/references'
import { commandLine, configPathIn, EXIT, withPaths } from '@chaosproxy/engine/run'
import { printableLines } from '@chaosproxy/report'
import { nameIn, settingsIn, type Target } from '@chaosproxy/runner'
import { targetNames } from '@chaosproxy/targets/named'
import { type Settings, settingsFor } from '@chaosproxy/workloads'
import { flag, inGroup, unlessNot, word } from '../arguments/declare.ts'
import { chooseTarget } from '../arguments/target.ts'
import { type Command, flagOf, textOf } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import {
  addressFindings,
  containerFindings,
  type Finding,
  faultFindings,
  isOfContainers,
  machineFindings,
  startsCommands,
  targetFindings,
} from '../doctor/findings.ts'
import { blockersOf, type Examined, shortPage, wholePage } from '../doctor/page.ts'
import { fitted } from '../terminal/fitted.ts'
import { print, printNotice } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const command: Command = {
  name: 'doctor',
  positional: '',
  summary: 'check whether a target can run here, and which faults it can suffer; this executes chaos.config.ts',
  options: {
    ...inGroup('What is checked', [], {
      target: word('the target to check [default: the target of the configuration, or raft]'),
      ...configOption,
      rehearsal: unlessNot(
        'for your own target: start its commands and, with a route table, write one value and read it back; --no-rehearsal starts nothing',
      ),
    }),
    ...inGroup('Output', [], {
      all: flag('list every finding, and every fault with what it does or why it cannot be injected'),
      json: flag('print one JSON object on stdout'),
    }),
  },
  examples: [
    ['chaos doctor', 'check the target of the configuration before a run'],
    [
      'chaos doctor --target primary-replica --all',
      'also list every fault that can be injected, and why others cannot',
    ],
  ],
  async run(options) {
    announceConfigCode(textOf(options, 'config') ?? configPathIn('.'))
    const { loaded, own, registries } = await readOwnConfig(options, 'chaos doctor')
    const configured = withPaths(loaded?.config ?? {}, own).target
    const usual = nameIn(configured) ?? (textOf(options, 'target') === undefined ? onlyService(own) : undefined)
    const typedAgain = ['target', 'config'].flatMap((name) => {
      const typed = textOf(options, name)
      return typed === undefined ? [] : [`--${name}`, typed]
    })
    const { target, reference } = await chooseTarget(options, { registries, usual, usualIn: `${own.where}: target` })
    const needs = [...(await targetFindings(target)), ...(await addressFindings(target.declared))]
    const settings = usual === reference ? settingsIn(configured) : {}
    const isOwn = !targetNames.includes(reference)
    const rehearses = isOwn && options['rehearsal'] !== false && needs.every(({ ok }) => ok)
    const examined: Examined = {
      target: target.name,
      machine: await machineFindings(),
      needs: rehearses ? [...needs, ...(await rehearsed(target, settings))] : needs,
      containers: containerFindings(),
      faults: faultFindings(target).named,
      isOfContainers: isOfContainers(target.declared),
    }
    const isWell = blockersOf(examined).length === 0
    if (flagOf(options, 'json')) {
      const { isOfContainers: _, ...findings } = examined
      print(`${JSON.stringify(findings)}\n`)
    } else {
      const page = flagOf(options, 'all') ? wholePage : shortPage
      const end = isWell
        ? `Ready: ${commandLine(['npx', 'chaos', 'run', ...typedAgain])}`
        : `Not ready: ${flagOf(options, 'all') ? 'see ✘' : 'see'} above.`
      print(fitted([...page(examined, styleFor()), end, ''].join('\n')))
    }
    return isWell ? EXIT.met : EXIT.environment
  },
}

/** Starts the commands of a user's service. Also tries a write and a read, if chaos knows how the service is used. */
async function rehearsed(target: Target, settings: Settings): Promise<readonly Finding[]> {
  if (!startsCommands(target)) return []
  const { rehearsalFindings, writesFirst } = await import('../doctor/rehearsal.ts')
  const writes = target.mapping === 'routes' && writesFirst(target, settings)
  const why = writes ? 'write one value and read it back' : 'see whether it starts'
  printNotice(`  starting ${printableLines(target.name)}, to ${why}\n`)
  return rehearsalFindings(target, settingsFor(target, settings))
}

/** Warns that a configuration is code: a user may run this command on a repository before reading its code. */
function announceConfigCode(config: string | undefined): void {
  if (config === undefined || extname(config) === '.json') return
  printNotice(`  runs ${printableLines(config)}, which is code\n`)
}
