/** A fault without its aim: the kind and its parameters. */
export type Harm<Fault> = Fault extends unknown ? Omit<Fault, 'links' | 'match' | 'when'> : never

/** What may stand in a fault's `when`. */
export type Trigger<Fault extends { readonly when?: unknown }> = NonNullable<Fault['when']>
