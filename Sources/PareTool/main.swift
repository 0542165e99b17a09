import ArgumentParser
import CommandLine

Pare.launch()
