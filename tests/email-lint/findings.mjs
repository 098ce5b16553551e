// What a lint has found, and how it is told: a finding is { file, tool, rule, where, message }.

// A fault in a template stands in every row that it wrote: told once, with the first place and the number of the rest.
export function fold(findings) {
  const folded = new Map();
  for (const finding of findings) {
    const key = JSON.stringify([finding.file, finding.tool, finding.rule, finding.message]);
    const known = folded.get(key);
    if (known) known.more += 1;
    else folded.set(key, { ...finding, more: 0 });
  }
  return [...folded.values()];
}

export function line({ file, tool, rule, where, message, more }) {
  const place = more > 0 ? `${where} and ${more} more` : where;
  return `${file}: ${tool} ${rule} (${place}): ${message}`.replace(/\s+/g, " ");
}
