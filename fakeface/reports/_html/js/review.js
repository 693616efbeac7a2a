// What the reader makes of the pictures: selected, reviewed, notes. It is kept in a saved copy of the file.

export class Review {
  /** Begin with what an earlier copy of the page kept, by name of the picture; `changed` is called with records. */
  constructor(marks, changed) {
    this.marks = new Map(Object.entries(marks ?? {}));
    this.changed = changed;
    this.unsaved = false;
  }

  /** What is marked of a record. */
  of(record) {
    return this.marks.get(record.name) ?? { selected: false, reviewed: false, note: "" };
  }

  /** Mark records, such as with `{ selected: true }`. */
  set(records, values) {
    for (const record of records) {
      const marks = { ...this.of(record), ...values };
      if (marks.selected || marks.reviewed || marks.note) this.marks.set(record.name, marks);
      else this.marks.delete(record.name);
    }
    this.unsaved = true;
    this.changed(records);
  }

  /** Forget all marks. */
  clear() {
    this.marks.clear();
    this.unsaved = false;
  }

  /** Those of the records that have a mark: `selected`, `reviewed` or `note`. */
  having(mark, records) {
    return this.marks.size ? records.filter((record) => this.of(record)[mark]) : [];
  }

  /** Plain values, ready for JSON. */
  toJSON() {
    return Object.fromEntries(this.marks);
  }
}

/** The pictures that a state of review lets through. */
export const STATES = {
  selected: { label: "Selected", test: (marks) => marks.selected },
  reviewed: { label: "Reviewed", test: (marks) => marks.reviewed },
  open: { label: "Not reviewed", test: (marks) => !marks.reviewed },
  note: { label: "With a note", test: (marks) => marks.note },
};
