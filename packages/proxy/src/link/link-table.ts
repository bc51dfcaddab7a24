import { type Link, linkName } from '@chaosproxy/faults'
import { foundOrMade } from '@chaosproxy/history'

/** Holds one state for each link. Creates the state when it is first needed. */
export class LinkTable<State> {
  readonly #make: (link: Link) => State
  readonly #states: Map<string, State> = new Map()

  constructor(make: (link: Link) => State) {
    this.#make = make
  }

  of(link: Link): State {
    return foundOrMade(this.#states, linkName(link), () => this.#make(link))
  }

  ofAll(links: readonly Link[]): readonly State[] {
    return [...new Set(links.map((link) => this.of(link)))]
  }

  find(link: Link): State | undefined {
    return this.#states.get(linkName(link))
  }

  get names(): readonly string[] {
    return [...this.#states.keys()]
  }

  map<Part>(part: (state: State) => Part): ReadonlyMap<string, Part> {
    return new Map([...this.#states].map(([name, state]) => [name, part(state)]))
  }
}
