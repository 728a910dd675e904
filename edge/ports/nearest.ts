// "Did you mean …?" for names that are not known.

/** What is longer than any name is compared by its beginning: a line of a stranger's file may have any length. */
const longest = 100

/** The known word with the smallest edit distance (Levenshtein 1966). */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const wanted = word.slice(0, longest)
  const distance = (a: string, b: string) => {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i)
    for (let i = 1; i <= a.length; i++) {
      const next = [i]
      for (let j = 1; j <= b.length; j++) {
        next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)))
      }
      row = next
    }
    return row[b.length]
  }
  return known.map(one => ({ one, far: distance(wanted, one) })).sort((a, b) => a.far - b.far)[0]?.one
}
