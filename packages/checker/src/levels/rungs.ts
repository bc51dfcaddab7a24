/** Levels that pages show together, and the sign of the strongest of them in tables. */
export interface Rung {
  readonly title: string
  /** Label of the sign in a table's legend. */
  readonly name: string
  readonly sign: string
}

/** Strongest first. */
export const rungs = {
  linearizable: { title: 'Linearizable', name: 'linearizable', sign: '●' },
  sequential: { title: 'Sequential', name: 'sequential', sign: '⊖' },
  causal: { title: 'Causal', name: 'causal', sign: '◑' },
  client: { title: 'PRAM', name: 'PRAM or session', sign: '◔' },
  eventual: { title: 'Eventual', name: 'eventual', sign: '○' },
} as const satisfies { readonly [name: string]: Rung }
