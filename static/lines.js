/**
 * The lines of a table in the order in which they are read: titles of groups, rows, subtotals.
 */

/**
 * @param {{rows: any[][], groups?: object[]}} table the groups in the order of their first rows, an outer one before
 *   those in it
 * @returns {Generator<{kind: "group"|"row"|"subtotals", level: number, title?: string, rows?: number, cells?: any[]}>}
 */
export function* linesOf({ rows = [], groups = [] }) {
  const open = [];
  let next = 0;
  for (let at = 0; at <= rows.length; at++) {
    while (open.length && open.at(-1).first + open.at(-1).rows <= at) yield* ended(open.pop());
    for (; groups[next]?.first === at && at < rows.length; next++) {
      const group = groups[next];
      open.push(group);
      yield { kind: "group", level: group.level, title: group.title, rows: group.rows };
    }
    if (at < rows.length) yield { kind: "row", level: open.length, cells: rows[at] };
  }
}

function* ended({ level, title, rows, subtotals }) {
  // Under a single row its sum says nothing new.
  if (subtotals && rows > 1) yield { kind: "subtotals", level, title, cells: subtotals };
}
