export declare function sourcesOf(row: string): ReadonlyMap<string, string>
export declare function tokensOf(row: string): number
export declare function countTokens(text: string, syntax?: { readonly jsx?: boolean }): number
