export { BrowserNetwork, type BrowserProxy, type Heal, type NetworkDraft, type Servers } from './browser-network.ts'
export { type ChaosFixtures, chaosFixtures, type Use } from './fixtures.ts'
