import { join } from 'node:path'
import { BrowserNetwork, type BrowserProxy, type NetworkDraft } from './browser-network.ts'

/** The fixtures that `chaosFixtures` adds to a test. */
export interface ChaosFixtures {
  /** The options of the network, set by `test.use`. By default, it has one server named `server`, at `baseURL`. */
  network: NetworkDraft | undefined
  /** The network between the test's browser pages and the servers. It is closed when the test ends. */
  chaos: BrowserNetwork
}

/** The function that a fixture calls with its value. Resolves once the test has ended. */
export type Use<Value> = (value: Value) => Promise<void>

/** The part of Playwright's `testInfo` that the fixtures use. */
interface Test {
  readonly status?: string | undefined
  readonly expectedStatus: string
  attach(name: string, options: { readonly path: string; readonly contentType: string }): Promise<void>
}

interface Fixtures {
  network: [undefined, { option: true }]
  chaos(
    given: { readonly network: NetworkDraft | undefined; readonly baseURL: string | undefined },
    use: Use<BrowserNetwork>,
    test: Test,
  ): Promise<void>
  ignoreHTTPSErrors(
    given: { readonly network: NetworkDraft | undefined; readonly ignoreHTTPSErrors: boolean },
    use: Use<boolean>,
  ): Promise<void>
  proxy(given: { readonly chaos: BrowserNetwork }, use: Use<BrowserProxy>): Promise<void>
}

/**
 * Fixtures for the installed Playwright's `test`: `base.extend<ChaosFixtures>(chaosFixtures)`. Every browser context
 * uses the network `chaos`.
 */
export const chaosFixtures: Fixtures = {
  network: [undefined, { option: true }],
  async chaos({ network, baseURL }, use, test) {
    const chaos = await BrowserNetwork.open(
      network ?? { servers: baseURL === undefined ? {} : { server: new URL(baseURL).origin } },
    )
    await use(chaos)
    const directory = await chaos.directory()
    await chaos.close()
    if (directory !== undefined && test.status !== test.expectedStatus)
      await test.attach('report', { path: join(directory, 'report.html'), contentType: 'text/html' })
  },
  async ignoreHTTPSErrors({ network, ignoreHTTPSErrors }, use) {
    await use(ignoreHTTPSErrors || Object.values(network?.servers ?? {}).some((origin) => /^(https|wss):/.test(origin)))
  },
  async proxy({ chaos }, use) {
    await use(await chaos.proxy())
  },
}
