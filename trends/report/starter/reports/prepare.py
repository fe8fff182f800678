"""Quarto runs this before its pages: it lays out the fonts and pins the date of the edition."""

from trends.report import prepare

prepare(".")
