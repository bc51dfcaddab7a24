import type { Reporter, TestCase, TestModule } from 'vitest/node'

export interface StuckReporterOptions {
  /** The running tests are printed whenever no test has ended for this time. */
  readonly namesAfterMs: number
  /**
   * `giveUp` is called once no test has ended for this time. A worker is then blocked, because each test has a time
   * limit.
   */
  readonly givesUpAfterMs: number
  readonly giveUp?: () => void
  readonly print?: (line: string) => void
}

/**
 * Prints the running tests if none ends for a while, and ends the test run if none ends for longer. A time limit cannot
 * end a test that blocks its worker, and a person who kills the test run would not learn which test it was.
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
      // If a test blocks its worker, Vitest may not have reported yet that the test started.
      const named = tests.map(({ fullName }) => fullName).join('; ') || `what follows ${this.#ended.get(module.id)}`
      return `  ${module.relativeModuleId} › ${named}`
    })
    return lines.length === 0 ? 'No file runs.' : ['These run:', ...lines].join('\n')
  }
}
