import type { Reporter, TestCase, TestModule } from 'vitest/node'

export interface StuckReporterOptions {
  /** Nothing ended for so long: what runs is named. */
  readonly namesAfterMs: number
  /** Nothing ended for so long, although each test has a time limit: a worker is blocked, and `giveUp` is called. */
  readonly givesUpAfterMs: number
  readonly giveUp?: () => void
  readonly print?: (line: string) => void
}

/**
 * Names the tests that run while none ends, and ends the whole if that lasts. A time limit cannot end a test that blocks its
 * worker, and whoever has to kill everything would never learn which one it was.
 */
export class StuckReporter implements Reporter {
  readonly #options: Required<StuckReporterOptions>
  readonly #modules = new Map<string, TestModule>()
  readonly #tests = new Map<string, TestCase>()
  /** The last test that ended in each file. */
  readonly #ended = new Map<string, string>()
  #naming: NodeJS.Timeout | undefined
  #givingUp: NodeJS.Timeout | undefined

  constructor(options: StuckReporterOptions) {
    this.#options = { print: (line) => console.error(line), giveUp: () => process.exit(1), ...options }
  }

  onTestRunStart(): void {
    this.#somethingEnded()
  }

  onTestModuleStart(module: TestModule): void {
    this.#modules.set(module.id, module)
    this.#ended.set(module.id, 'its beginning')
  }

  onTestCaseReady(test: TestCase): void {
    this.#tests.set(test.id, test)
  }

  onTestCaseResult(test: TestCase): void {
    this.#tests.delete(test.id)
    this.#ended.set(test.module.id, test.fullName)
    this.#somethingEnded()
  }

  onTestModuleEnd(module: TestModule): void {
    this.#modules.delete(module.id)
    this.#somethingEnded()
  }

  onTestRunEnd(): void {
    this.#stopWaiting()
  }

  #stopWaiting(): void {
    clearInterval(this.#naming)
    clearTimeout(this.#givingUp)
  }

  #somethingEnded(): void {
    this.#stopWaiting()
    const { namesAfterMs, givesUpAfterMs, giveUp, print } = this.#options
    this.#naming = setInterval(() => print(`No test has ended lately. ${this.#whatRuns()}`), namesAfterMs)
    this.#givingUp = setTimeout(() => {
      print(`No test has ended for ${Math.round(givesUpAfterMs / 1000)} s: given up. ${this.#whatRuns()}`)
      giveUp()
    }, givesUpAfterMs)
  }

  #whatRuns(): string {
    const lines = [...this.#modules.values()].map((module) => {
      const tests = [...this.#tests.values()].filter((test) => test.module.id === module.id)
      // A test that blocks its worker at once is not heard of.
      const named = tests.map(({ fullName }) => fullName).join('; ') || `what follows ${this.#ended.get(module.id)}`
      return `  ${module.relativeModuleId} › ${named}`
    })
    return lines.length === 0 ? 'No file runs.' : ['These run:', ...lines].join('\n')
  }
}
