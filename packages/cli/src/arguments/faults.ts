import { knownName, readTextFile } from '@chaosproxy/engine/run'
import {
  type FaultChoice,
  faultProfiles,
  type Nemesis,
  nameOfChoice,
  nemeses,
  parseSchedule,
  printSchedule,
  profileNamed,
} from '@chaosproxy/faults'
import { inputError, usageError } from '@chaosproxy/history'
import { listed, namesOf, oneOf } from './names.ts'

const NONE = 'none'

/**
 * Parses `partition,kill,pause`, `partition:db`, a profile, `none`, or the path of a schedule.
 *
 * @throws UserError (usage, input)
 */
export const parseFaultChoices = (typed: string): readonly FaultChoice[] =>
  /\.json$|[/\\]/.test(typed) ? readSchedule(typed) : parseNames(typed)

/** Returns faults in the form that `parseFaultChoices` parses, without their times. */
export const printFaults = (choices: readonly FaultChoice[] | undefined): string | undefined =>
  choices && (choices.map(nameOfChoice).join(',') || NONE)

/** Parses names of faults. The target checks the text after a colon. */
function parseNames(typed: string): readonly string[] {
  const names = listed(typed)
  const known = names.filter((name) => profileNamed(name) === undefined)
  if (known.length > 0) parseNemeses(known.map(baseOf).join(','))
  return typed === NONE ? [] : names
}

const baseOf = (name: string): string => name.split(':')[0] ?? ''

/** `partition,kill,pause`, or `none`. */
export function parseNemeses(typed: string): readonly Nemesis[] {
  if (typed === NONE) return []
  const known = namesOf([...nemeses, ...faultProfiles])
  return typed.split(',').map((part) => {
    const name = oneOf('faults', 'fault', part.trim(), [...known, NONE])
    const nemesis = nemeses.find((candidate) => candidate.name === name)
    if (name === NONE)
      throw usageError(`--faults ${typed}: "none" excludes every fault. Leave out either "none" or the other names.`)
    if (nemesis === undefined)
      throw usageError(`--faults ${typed}: a profile, such as "all", cannot be combined with faults. Name each fault.`)
    return nemesis
  })
}

/**
 * Returns the names of a profile's faults that `who` supports; undefined if no profile was typed.
 *
 * @throws UserError (usage) if `who` supports none of them.
 */
export function namesOfProfile(
  [typed = '']: readonly string[],
  who: string,
  isSupported: (nemesis: Nemesis) => boolean,
): readonly string[] | undefined {
  const profile = profileNamed(typed)
  if (profile === undefined) return undefined
  const suffered = nemeses.filter((nemesis) => profile.has(nemesis.kind) && isSupported(nemesis))
  if (suffered.length === 0)
    throw usageError(`--faults ${typed}: ${who} cannot suffer any fault of this profile. Name other faults.`)
  return namesOf(suffered)
}

/** @throws UserError (usage) if a file names an unknown fault. */
export function requireFaults(choices: readonly FaultChoice[], where: string): void {
  const known = namesOf([...nemeses, ...faultProfiles])
  for (const choice of choices)
    if (typeof choice === 'string') knownName(`${where}: ${choice}`, 'fault', baseOf(choice), known)
}

/** Reads a schedule early, so that an invalid file is reported before anything starts. */
function readSchedule(file: string): readonly FaultChoice[] {
  const text = readTextFile('--faults', file)
  return printSchedule(parseSchedule(parseJson(text, file), file))
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw inputError(
      `${file} is not valid JSON: ${(error as Error).message}. A schedule is a list of faults, each with "fromMs" and "toMs".`,
    )
  }
}
