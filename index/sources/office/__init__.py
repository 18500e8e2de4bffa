"""Read documents of office programs: Word, slides, OpenDocument, RTF."""
