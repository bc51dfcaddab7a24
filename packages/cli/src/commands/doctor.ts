import { extname } from 'node:path'
import { isService, SERVICE } from '@chaosproxy/engine/references'
import { configPathIn, EXIT, withPaths } from '@chaosproxy/engine/run'
import { printableLines } from '@chaosproxy/report'
import { nameIn } from '@chaosproxy/runner'
import { flag, inGroup, word } from '../arguments/declare.ts'
import { chooseTarget } from '../arguments/target.ts'
import { type Command, flagOf, textOf } from '../command.ts'
import { configOption, readOwnConfig } from '../config/own.ts'
import {
  addressFindings,
  areAttachable,
  containerFindings,
  type Finding,
  faultFindings,
  machineFindings,
  targetFindings,
} from '../doctor/findings.ts'
import { fitted } from '../terminal/fitted.ts'
import { type Listed, listing } from '../terminal/listing.ts'
import { print } from '../terminal/output.ts'
import { styleFor } from '../terminal/style.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  positional: '',
  summary: 'check this machine: what is missing, and which faults need it (runs chaos.config.ts)',
  options: {
    ...inGroup('What is checked', [], {
      target: word('the target to check [default: that of the configuration, or raft]'),
      ...configOption,
    }),
    ...inGroup('Output', [], { json: flag('print one JSON object on stdout') }),
  },
  examples: [['chaos doctor --target primary-replica', 'before running it']],
  async run(options) {
    sayWhatRuns(textOf(options, 'config') ?? configPathIn('.'))
    const { loaded, own, registries } = await readOwnConfig(options, 'chaos doctor')
    const usual = nameIn(withPaths(loaded?.config ?? {}, own).target)
    const { target, reference } = await chooseTarget(options, { registries, usual, usualIn: `${own.where}: target` })
    const machine = await machineFindings()
    const needs = [...(await targetFindings(target)), ...(await addressFindings(target.declared))]
    const faults = faultFindings(target)
    const containers = containerFindings()
    const isWell = [...machine, ...needs].every(({ ok }) => ok) && areAttachable(target.declared, containers)
    if (flagOf(options, 'json'))
      print(process.stdout, `${JSON.stringify({ target: target.name, machine, containers, needs, faults })}\n`)
    else
      print(
        process.stdout,
        fitted(
          [
            ...section('This machine', machine),
            ...(containers.length > 0 ? section('Containers', containers) : []),
            ...section(
              target.name,
              needs.length > 0 ? needs : [{ what: 'programs', ok: true, detail: 'nothing is missing' }],
            ),
            ...section(`Faults ${target.name} can suffer`, faults),
            isWell
              ? `Ready: npx chaos run --target ${isService(reference) ? SERVICE : ''}${target.name}`
              : 'Something is missing; see above.',
            '',
          ].join('\n'),
        ),
      )
    return isWell ? EXIT.met : EXIT.environment
  },
}

/** This command may be used to look at a repository before reading its code. */
function sayWhatRuns(config: string | undefined): void {
  if (config === undefined || extname(config) === '.json') return
  print(process.stderr, `  runs ${printableLines(config)}, which is code\n`)
}

function section(title: string, findings: readonly Finding[]): string[] {
  const style = styleFor(process.stdout)
  const rows = findings.map(
    ({ what, ok, detail, remedy }): Listed =>
      ok ? [`  ✔ ${what}`, detail] : [`  ✘ ${what}`, `${detail}${remedy === undefined ? '' : `. ${remedy}`}`],
  )
  return [style.bold(title), ...listing(rows, String), '']
}
