import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { type Nanos, nanos } from '@chaosproxy/history'
import { type CodeStep, outsidePromises, type SharedState, type Site } from '@chaosproxy/node-simulator'
import type { CodeRun } from '@chaosproxy/report'
import type { Scenario } from '@chaosproxy/runner'
import { digestOf, runScenario } from '@chaosproxy/simulator'
import { limitsFor, type SimulatedPlay } from './play.ts'
import { type ServiceWatch, startsOf } from './service-subject.ts'
import { type SubjectName, serviceNamed, subjectOf } from './subject-name.ts'

/** A longer run is no failure that was cut down. */
const MOST_STEPS = 50_000

/**
 * Plays a service's scenario once more with probes in the program, and returns every line that it ran for a client.
 * Undefined if the history is another than without probes: then nothing is known of that one.
 */
export async function followedCode(
  subject: SubjectName,
  { scenario, invariants }: { readonly scenario: Scenario; readonly invariants: boolean },
  { events, turns }: Pick<SimulatedPlay, 'events'> & Pick<ServiceWatch, 'turns'>,
): Promise<CodeRun | undefined> {
  const steps: CodeStep[] = []
  const code = (step: CodeStep): boolean => {
    if (steps.length < MOST_STEPS) steps.push(step)
    return false
  }
  const service = await serviceNamed(subject.target, 'lines')
  const searched = await subjectOf(subject)
  const probed = { ...searched, ...startsOf(service, searched, { turns, code }) }
  const trial = await outsidePromises(() => runScenario(probed, scenario, limitsFor(invariants)))
  if (digestOf(trial.events) !== digestOf(events)) return undefined
  return codeRun(steps, service.program.sites, trial.startedAt)
}

function codeRun(steps: readonly CodeStep[], sites: readonly Site[], startedAt: Nanos): CodeRun {
  const files = new Map([...new Set(sites.map(({ file }) => file))].map((file) => [file, relative('.', file)]))
  // What a function keeps that runs anew for each request is not shared by requests.
  const entered = new Set(steps.flatMap(({ type, site }) => (type === 'enters' ? [site] : [])))
  const shared = (states: readonly SharedState[] | undefined, node: string): readonly string[] =>
    (states ?? [])
      .filter(({ of }) => of === undefined || !entered.has(of))
      .map(({ name, part, kept }) => JSON.stringify([name, part, kept === 'memory' ? node : '']))
  return {
    steps: steps.flatMap(({ type, site: number, request, node, at }) => {
      const site = sites[number]
      if (site === undefined) return []
      const { within, line, reads, writes, rests } = site
      const file = files.get(site.file) ?? site.file
      const touched = { reads: shared(reads, node), writes: shared(writes, node), rests: shared(rests, node) }
      return [{ type, site: number, within, request, file, line, at: nanos(at - startedAt), ...touched }]
    }),
    sources: Object.fromEntries(
      [...files].map(([file, shown]) => [shown, readFileSync(file, 'utf8').split(/\r?\n/)] as const),
    ),
  }
}
