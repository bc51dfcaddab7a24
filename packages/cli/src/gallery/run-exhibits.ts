import { tmpdir } from 'node:os'
import { commandLine, registriesOf } from '@chaosproxy/engine/run'
import type { ExhibitResult, TrialResult } from '@chaosproxy/report/gallery'
import { type Exhibit, withSeed } from '@chaosproxy/scenarios'
import { goFaultSupport, hasCompiler, WITHOUT_COMPILER } from '@chaosproxy/targets'
import { given } from '../arguments/declare.ts'
import { optionsOf } from '../command.ts'
import { prepareProgram } from './programs.ts'
import { runTrial } from './trial.ts'

interface Trials {
  readonly seeds: number
  readonly seed: number
  /** An absolute path. */
  readonly out: string
  readonly signal: AbortSignal
  readonly began: (what: string) => void
}

/** Names the requirements that this machine lacks, and how to install them. */
export async function lackedBy({ system, servers, compiles, mounts }: Exhibit): Promise<string | undefined> {
  const registries = registriesOf({ where: 'chaos gallery', directory: '.' })
  const missing = await Promise.all(servers.map(async (name) => (await registries.target(name)).missing?.()))
  const texts = missing.flatMap((programs = []) =>
    programs.map(
      ({ program, install, found }) => `${program} is missing${found === undefined ? '' : ` (${found})`}: ${install}`,
    ),
  )
  if (compiles === true && !hasCompiler()) texts.push(WITHOUT_COMPILER)
  const support = mounts === true ? goFaultSupport(system)('freeze-disk') : true
  if (support !== true) texts.push(support.not)
  return texts.length === 0 ? undefined : texts.join('; ')
}

/**
 * Runs the trials one after another, because they are timed and some use every core. The exhibit's servers must be
 * running.
 */
export async function runExhibit(exhibit: Exhibit, trials: Trials): Promise<ExhibitResult> {
  const { program, breaks, args, cure } = exhibit
  if (program !== undefined) trials.began(`${exhibit.name}: its packages`)
  const prepared = program === undefined ? { directory: tmpdir() } : await prepareProgram(program, trials.signal)
  if ('lacks' in prepared) return untried(exhibit, prepared.lacks)
  const each = async (what: string, words: readonly string[]): Promise<readonly TrialResult[]> => {
    const results: TrialResult[] = []
    for (let i = 0; i < trials.seeds && !trials.signal.aborted; i++) {
      const seed = trials.seed + i
      trials.began(`${exhibit.name}: ${what}, trial ${i + 1} of ${trials.seeds}`)
      const given = withOutput(withSeed(words, seed), ['--json', '--out', trials.out])
      results.push(await runTrial({ args: given, cwd: prepared.directory, seed, breaks, signal: trials.signal }))
    }
    return results
  }
  const triedOn = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length)
  const weaknessTrials = await each('the weakness', args)
  return { ...exhibitResult(exhibit), triedOn, weaknessTrials, cureTrials: await each('the cure', cure.args) }
}

export const untried = (exhibit: Exhibit, lacks: string): ExhibitResult => ({ ...exhibitResult(exhibit), lacks })

/** An exhibit as a result that has no trials yet. */
export const exhibitResult = ({
  name,
  kind,
  system,
  version,
  weakness,
  source,
  breaks,
  ...rest
}: Exhibit): ExhibitResult => ({
  ...{ name, kind, system, weakness, source, ...given({ version }) },
  breaks,
  cure: rest.cure.says,
  ...given({ folder: rest.program && `examples/${rest.program}` }),
  commands: { weakness: seededCommand(rest.args), cure: seededCommand(rest.cure.args) },
  weaknessTrials: [],
  cureTrials: [],
})

const seededCommand = (args: readonly string[]): string => commandLine(['npx', 'chaos', ...withSeed(args, 1)])

/** Adds the output options before the command that `chaos record` runs. */
function withOutput(args: readonly string[], output: readonly string[]): readonly string[] {
  const ours = optionsOf(args)
  return [...ours, ...output, ...args.slice(ours.length)]
}
