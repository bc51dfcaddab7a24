import { UserError } from '@chaosproxy/history'

import type { Target } from '@chaosproxy/runner'
import { targetOf as findTarget, isDeclaration, isUserFile, targets } from '@chaosproxy/targets'

import { type ParsedOptions, textOf } from '../command.ts'
import { parseSettings } from './names.ts'
import { oneOf } from './one-of.ts'

/** The target of a command, and the reference by which other threads and processes find it. */
export interface ChosenTarget {
  readonly target: Target
  readonly reference: string
}

/**
 * The target that `--target` names or, instead, the user's own protocol in the file that `--protocol` names.
 *
 * @throws UserError (usage, input)
 */
export async function chooseTarget(options: ParsedOptions): Promise<ChosenTarget> {
  const file = textOf(options, 'protocol')
  const named = textOf(options, 'target')
  if (file === undefined) return targetOf(named ?? DEFAULT_TARGET)
  if (named !== undefined)
    throw new UserError('usage', '--target and --protocol both say what to test: give one of them.')
  if (!isUserFile(file)) throw new UserError('usage', `--protocol ${file}: give the path of a file, such as ./mine.ts.`)
  return targetOf(file)
}

/** Finds a target by a name or a path, as saved files refer to it. */
export async function targetOf(reference: string): Promise<ChosenTarget> {
  if (!isUserFile(reference) && !isDeclaration(reference))
    oneOf(
      'target',
      'target',
      reference,
      targets.map((target) => target.name),
    )
  return { target: await findTarget(reference), reference }
}

export const DEFAULT_TARGET = 'raft'

export function parseBug(target: Target, typed: string | undefined): string | undefined {
  if (typed === undefined) return undefined
  return oneOf(
    'bug',
    `mistake in ${target.name}`,
    typed,
    target.bugs.map((bug) => bug.name),
  )
}

export function parseKnobs(target: Target, typed: readonly string[]): { [name: string]: number | boolean | string } {
  const knobs = parseSettings(typed)
  for (const [name, value] of Object.entries(knobs)) {
    oneOf(
      'set',
      `knob of ${target.name}`,
      name,
      target.settings.map((knob) => knob.name),
    )
    const values = target.settings.find((knob) => knob.name === name)?.values
    if (values !== undefined && !values.includes(value))
      throw new UserError('usage', `--set ${name}=${value}: ${name} can be ${values.join(', ')}.`)
  }
  return knobs
}
