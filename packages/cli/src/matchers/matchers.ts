import type { SearchSettings } from '@chaosproxy/engine'
import type { ServiceDeclaration } from '@chaosproxy/engine/references'
import type { ProtocolModule } from '@chaosproxy/protocols'
import { judgeReceived } from './judge-received.ts'
import { judgeSurvival, type SimulatedFinding } from './survive.ts'

/** The result that a matcher returns to the test runner. */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

/** The members of `this` that matchers use in Jest and Vitest. */
interface MatcherContext {
  readonly isNot?: boolean
}

/** The report of a failed matcher, for example to attach its page to a test. */
export type Missed = ReturnType<typeof judgeReceived>

/**
 * Matchers on histories, for `expect.extend(matchers)` in Jest, Vitest and similar runners. An unknown verdict passes
 * neither `expect(history)` nor `expect(history).not`. `missed` is called when a history that does not meet the level
 * fails a test. `earlier` returns a violation that an earlier attempt of the same test found, because a retry does not
 * undo it. `unsurvived` is called when a search of simulated runs fails a test.
 */
export const matchersThat = (
  missed: (judged: Missed) => void = () => {},
  earlier: () => string | undefined = () => undefined,
  unsurvived: (finding: SimulatedFinding) => void = () => {},
) => {
  const matchLevel = ({ isNot = false }: MatcherContext, received: unknown, level: string): MatcherResult => {
    const judged = judgeReceived(received, level)
    const seen = earlier()
    if (seen !== undefined && judged.met === true && !isNot)
      return {
        pass: false,
        message: () => `An earlier attempt of this test saw a violation, and a retry does not hide it. ${seen}`,
      }
    const pass = judged.met === 'unknown' ? isNot : judged.met
    if (pass === isNot && judged.met !== true) missed(judged)
    return {
      pass,
      message: () => (judged.met === true ? `expected a history that is not ${level}, and it is` : judged.message),
    }
  }
  return {
    toBeLinearizable(this: MatcherContext, received: unknown): MatcherResult {
      return matchLevel(this, received, 'linearizable')
    },
    toBeSequentiallyConsistent(this: MatcherContext, received: unknown): MatcherResult {
      return matchLevel(this, received, 'sequential')
    },
    toBeEventuallyConsistent(this: MatcherContext, received: unknown): MatcherResult {
      return matchLevel(this, received, 'eventual')
    },
    /**
     * Matches any level by its name, such as `read-your-writes`. The name `toSatisfy` is taken: Vitest's matcher of
     * this name takes a function.
     */
    toSatisfyLevel(this: MatcherContext, received: unknown, level: string): MatcherResult {
      return matchLevel(this, received, level)
    },
    /**
     * Searches simulated runs of a Node service or a protocol; any finding fails the test. Returns a promise that must
     * be awaited.
     */
    async toSurviveSimulation(
      this: MatcherContext,
      received: ProtocolModule | ServiceDeclaration,
      settings?: SearchSettings,
    ): Promise<MatcherResult> {
      const { isNot = false } = this
      const { survived, message, finding } = await judgeSurvival(received, settings)
      const pass = survived === 'unknown' ? isNot : survived
      if (pass === isNot && finding !== undefined) unsurvived(finding)
      return { pass, message: () => message }
    },
  }
}

/** For `expect.extend` of Jest or Vitest: `toBeLinearizable`, `toBeSequentiallyConsistent`, … */
export const matchers: ReturnType<typeof matchersThat> = matchersThat()
