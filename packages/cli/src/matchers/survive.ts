import { join } from 'node:path'
import { type Found, type SearchSettings, search } from '@chaosproxy/engine'
import { isServiceDeclaration, type ServiceDeclaration } from '@chaosproxy/engine/references'
import { commandLine, createRunDirectory, USUAL_OUT, writeWholeFile } from '@chaosproxy/engine/run'
import { plural } from '@chaosproxy/history'
import type { ProtocolModule } from '@chaosproxy/protocols'

/** The result of a search of simulated runs, for a test. */
interface Survival {
  /** Unknown if the simulated runs prove too little. */
  readonly survived: boolean | 'unknown'
  readonly message: string
  readonly finding: SimulatedFinding | undefined
}

/** A violation that a search found, and the file that replays it. */
export interface SimulatedFinding {
  readonly found: Found
  readonly replay: string
}

/**
 * Searches simulated runs for a failure, and writes its file for `chaos replay`.
 *
 * @throws UserError, as `search` does.
 */
export async function judgeSurvival(
  received: ProtocolModule | ServiceDeclaration,
  settings: SearchSettings = {},
): Promise<Survival> {
  const { trials, found, vacuous } = await search(received, settings)
  if (found !== undefined) {
    const { path } = createRunDirectory(USUAL_OUT, 'test', new Date())
    const replay = join(path, 'finding.json')
    writeWholeFile(replay, found.replay)
    return { survived: false, message: foundText(received, found, replay), finding: { found, replay } }
  }
  if (vacuous.length > 0)
    return {
      survived: 'unknown',
      message: `Nothing was found in ${trials} simulated runs, which prove little: ${vacuous.join('; ')}`,
      finding: undefined,
    }
  return {
    survived: true,
    message: `expected a simulated run to fail, but none of ${trials} failed`,
    finding: undefined,
  }
}

function foundText(received: ProtocolModule | ServiceDeclaration, found: Found, replay: string): string {
  const { cause, sentence, seed, operations, faults, drawn } = found
  const own = isServiceDeclaration(received) ? ['--program', received.entry] : ['--protocol', 'YOURS']
  return [
    `${cause}: ${sentence}`,
    `seed ${seed}, cut down to ${plural(operations, 'operation')} and ${plural(faults, 'fault')}`,
    ...(drawn.length === 0 ? [] : ['', ...drawn]),
    '',
    `again    ${commandLine(['npx', 'chaos', 'replay', replay, ...own])}`,
  ].join('\n')
}
